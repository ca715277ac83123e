// SPDX-License-Identifier: GPL-2.0
/*
 * Searches sendread's lines for what a client received or sent:
 *
 *	shown is|has|begins LINES WITNESS WORD...
 *
 * The messages of those lines that have every WORD (pid=7, call=writev, ...) are joined. They
 * must be, contain, or begin with the bytes in the file WITNESS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct bytes {
	char *at;
	size_t len;
};

static struct bytes read_file(const char *path)
{
	struct bytes file = { 0 };
	FILE *stream = fopen(path, "r");
	size_t size = 0;

	if (!stream)
		die("%s", path);
	do {
		size = 2 * size + 65536;
		file.at = realloc(file.at, size + 1);
		file.len += fread(file.at + file.len, 1, size - file.len, stream);
	} while (file.len == size);
	file.at[file.len] = '\0';
	fclose(stream);
	return file;
}

/* Take the message out of the line, which keeps its other words; NULL if it has none. */
static char *cut_message(char *line)
{
	char *message = strstr(line, " msg="), *end = NULL, *next;

	if (!message)
		return NULL;
	for (next = message; (next = strstr(next + 1, " len="));)
		end = next;
	if (!end)
		return NULL;
	*message = *end = '\0';
	message += strlen(" msg=");
	next = strdup(message);
	memmove(line + strlen(line) + 1, end + 1, strlen(end + 1) + 1);
	line[strlen(line)] = ' ';
	return next;
}

static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);
	const char *at;

	for (at = line; (at = strstr(at, word)); at++)
		if ((at == line || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static bool has_words(const char *line, char **words)
{
	for (; *words; words++)
		if (!has_word(line, *words))
			return false;
	return true;
}

/* \\ is a backslash, \xHH a byte. */
static size_t decode(const char *text, char *bytes)
{
	unsigned int byte;
	size_t len = 0;

	while (*text) {
		if (text[0] == '\\' && sscanf(text, "\\x%2x", &byte) == 1) {
			bytes[len++] = byte;
			text += strlen("\\xHH");
			continue;
		}
		if (text[0] == '\\')
			text++;
		bytes[len++] = *text++;
	}
	return len;
}

static struct bytes join(char *lines, char **words, unsigned int *number)
{
	struct bytes joined = { malloc(strlen(lines) + 1), 0 };
	char *line, *message;

	for (line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
		message = cut_message(line);
		if (message && has_words(line, words)) {
			joined.len += decode(message, joined.at + joined.len);
			++*number;
		}
		free(message);
	}
	return joined;
}

static bool holds(const char *how, struct bytes all, struct bytes part)
{
	if (!part.len || part.len > all.len)
		return false;
	if (!strcmp(how, "is"))
		return all.len == part.len && !memcmp(all.at, part.at, part.len);
	if (!strcmp(how, "begins"))
		return !memcmp(all.at, part.at, part.len);
	return memmem(all.at, all.len, part.at, part.len);
}

int main(int argc, char **argv)
{
	struct bytes lines, witness, joined;
	unsigned int number = 0;

	if (argc < 5)
		die("expected is|has|begins LINES WITNESS WORD...");
	lines = read_file(argv[2]);
	witness = read_file(argv[3]);
	joined = join(lines.at, argv + 4, &number);
	if (holds(argv[1], joined, witness))
		return 0;
	printf("%u lines have these words; their messages, %zu bytes, are not as said (%s):\n",
	       number, joined.len, argv[1]);
	printf("the witness has %zu bytes: %.200s\n", witness.len, witness.at);
	return 1;
}
