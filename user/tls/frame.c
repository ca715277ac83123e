// SPDX-License-Identifier: GPL-2.0
/*
 * Searches the table of .eh_frame_hdr, or .eh_frame itself where there is no table, and decodes the
 * entry of .eh_frame.
 */
#include "frame.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "image.h"

/* How pointers are encoded: DW_EH_PE_* of the Linux Standard Base. */
enum {
	ENCODED_WORD = 0x00,
	ENCODED_U2 = 0x02,
	ENCODED_U4 = 0x03,
	ENCODED_U8 = 0x04,
	ENCODED_S2 = 0x0a,
	ENCODED_S4 = 0x0b,
	ENCODED_S8 = 0x0c,
	ENCODED_FORMAT = 0x0f,
	ENCODED_PC_RELATIVE = 0x10,
	ENCODED_BASE = 0x70,
	ENCODED_INDIRECT = 0x80,
	ENCODED_NOT = 0xff,
	/* The only table that linkers write: both numbers are relative to .eh_frame_hdr. */
	ENCODED_TABLE = 0x3b,
};

enum {
	ENTRY_MAX = 64, /* bytes that are looked at of an entry */
	TABLE_ENTRY = 8,
	AUGMENTATION_MAX = 8,
	SECTION_MAX = 64 << 20,
	WINDOW = 64 << 10,
};

/* Some bytes of the file, and how far they are read. */
struct bytes {
	uint64_t address; /* of the first */
	unsigned int size, at;
	bool failed; /* by reading behind their end, or what is unknown */
	bool wide;
	unsigned char bytes[ENTRY_MAX];
};

/* As many bytes as the segment has, up to ENTRY_MAX. */
static bool load(const struct image *image, uint64_t address, struct bytes *bytes)
{
	uint64_t offset = 0;
	unsigned int size = ENTRY_MAX;

	while (size && !image_offset(image, address, size, PF_R, &offset))
		size--;
	*bytes = (struct bytes){ .address = address, .size = size, .wide = image->wide };
	return size && image_read(image, offset, bytes->bytes, size) == 0;
}

static uint64_t take(struct bytes *bytes, unsigned int size)
{
	uint64_t value = 0;

	if (bytes->failed || size > bytes->size - bytes->at) {
		bytes->failed = true;
		return 0;
	}
	memcpy(&value, bytes->bytes + bytes->at, size);
	bytes->at += size;
	return value;
}

/* A number of seven bits a byte; its value does not matter to us. */
static void skip_leb128(struct bytes *bytes)
{
	while (take(bytes, 1) & 0x80)
		;
}

static uint64_t address_mask(const struct bytes *bytes)
{
	return bytes->wide ? UINT64_MAX : UINT32_MAX;
}

/* A pointer, or, without its base, a length. */
static uint64_t take_encoded(struct bytes *bytes, unsigned int encoding)
{
	uint64_t base = bytes->address + bytes->at, value;

	switch (encoding & ENCODED_FORMAT) {
	case ENCODED_WORD:
		value = take(bytes, bytes->wide ? 8 : 4);
		break;
	case ENCODED_U2:
		value = take(bytes, 2);
		break;
	case ENCODED_S2:
		value = (uint64_t)(int16_t)take(bytes, 2);
		break;
	case ENCODED_U4:
		value = take(bytes, 4);
		break;
	case ENCODED_S4:
		value = (uint64_t)(int32_t)take(bytes, 4);
		break;
	case ENCODED_U8:
	case ENCODED_S8:
		value = take(bytes, 8);
		break;
	default:
		bytes->failed = true;
		return 0;
	}
	if ((encoding & ENCODED_BASE) == ENCODED_PC_RELATIVE)
		value += base;
	else if ((encoding & ENCODED_BASE) || (encoding & ENCODED_INDIRECT))
		bytes->failed = true;
	return value & address_mask(bytes);
}

/* What the augmentation's data say of an entry's pointers. */
static unsigned int take_augmentation(struct bytes *cie, const char *letters)
{
	unsigned int encoding = ENCODED_WORD, personality;

	skip_leb128(cie);
	for (letters++; *letters; letters++) {
		switch (*letters) {
		case 'R':
			encoding = (unsigned int)take(cie, 1);
			break;
		case 'L':
			take(cie, 1);
			break;
		case 'P':
			/* Only its length counts. */
			personality = (unsigned int)take(cie, 1);
			take_encoded(cie, personality & ENCODED_FORMAT);
			break;
		case 'S':
		case 'B':
		case 'G':
			break;
		default:
			return ENCODED_NOT;
		}
	}
	return cie->failed ? ENCODED_NOT : encoding;
}

/* Return: how the entries of a CIE encode pointers, or ENCODED_NOT. */
static unsigned int read_cie(const struct image *image, uint64_t address)
{
	char letters[AUGMENTATION_MAX + 1] = "";
	unsigned int version, i;
	struct bytes cie;
	uint64_t size;

	if (!load(image, address, &cie))
		return ENCODED_NOT;
	size = take(&cie, 4);
	if (take(&cie, 4) != 0 || size == UINT32_MAX || cie.failed)
		return ENCODED_NOT;
	version = (unsigned int)take(&cie, 1);
	for (i = 0; i < AUGMENTATION_MAX && (letters[i] = (char)take(&cie, 1)); i++)
		;
	if ((version != 1 && version != 3) || i == AUGMENTATION_MAX)
		return ENCODED_NOT;
	skip_leb128(&cie); /* code alignment */
	skip_leb128(&cie); /* data alignment */
	if (version == 1)
		take(&cie, 1); /* the register of the return address */
	else
		skip_leb128(&cie);
	if (!letters[0])
		return cie.failed ? ENCODED_NOT : ENCODED_WORD;
	return letters[0] == 'z' ? take_augmentation(&cie, letters) : ENCODED_NOT;
}

static bool read_fde(const struct image *image, uint64_t address, uint64_t *start,
		     uint64_t *end)
{
	unsigned int encoding;
	struct bytes fde;
	uint64_t size, cie;

	if (!load(image, address, &fde))
		return false;
	size = take(&fde, 4);
	cie = take(&fde, 4);
	/* UINT32_MAX: a length of 64 bits follows; no section is so large. */
	if (fde.failed || size == UINT32_MAX || cie == 0)
		return false;
	encoding = read_cie(image, (address + 4 - cie) & address_mask(&fde));
	if (encoding == ENCODED_NOT)
		return false;
	*start = take_encoded(&fde, encoding);
	size = take_encoded(&fde, encoding & ENCODED_FORMAT);
	*end = *start + size;
	return !fde.failed;
}

/* The segment of .eh_frame_hdr, or NULL. */
static const struct image_segment *find_header(const struct image *image)
{
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++)
		if (image->segments[i].type == PT_GNU_EH_FRAME)
			return &image->segments[i];
	return NULL;
}

/* There is a header: where its table is, and how many entries it has. */
static bool find_table(const struct image *image, uint64_t *base, uint64_t *table,
		       uint64_t *number)
{
	const struct image_segment *header = find_header(image);
	unsigned int version, pointer, count, kind;
	struct bytes bytes;

	if (!load(image, header->address, &bytes))
		return false;
	version = (unsigned int)take(&bytes, 1);
	pointer = (unsigned int)take(&bytes, 1);
	count = (unsigned int)take(&bytes, 1);
	kind = (unsigned int)take(&bytes, 1);
	if (version != 1 || kind != ENCODED_TABLE || count == ENCODED_NOT)
		return false;
	take_encoded(&bytes, pointer & ENCODED_FORMAT);
	*number = take_encoded(&bytes, count);
	*base = header->address;
	*table = header->address + bytes.at;
	return !bytes.failed && *number > 0 && header->size >= bytes.at &&
	       *number <= (header->size - bytes.at) / TABLE_ENTRY;
}

/* The beginning of an entry of .eh_frame, if it encodes pointers as compilers do. */
struct head {
	uint32_t length, cie;
	int32_t start;
	uint32_t size;
};

/* Return: whether the entry at an address may be the one that covers what is wanted. */
static bool may_cover(const struct image *image, const struct head *head, uint64_t at,
		      uint64_t wanted)
{
	uint64_t mask = image->wide ? UINT64_MAX : UINT32_MAX, start;

	start = (at + offsetof(struct head, start) + (uint64_t)head->start) & mask;
	return head->cie != 0 && wanted >= start && wanted - start < head->size;
}

/* Entry by entry: the linker of GNU makes no table for programs that are linked statically. */
static bool scan(const struct image *image, uint64_t address, uint64_t *start,
		 uint64_t *end)
{
	uint64_t at = 0, window_at = 0, size = image->frames_size, have = 0;
	static unsigned char window[WINDOW];
	struct head head;

	if (size > SECTION_MAX)
		return false;
	while (size - at >= sizeof(head)) {
		if (at - window_at + sizeof(head) > have) {
			window_at = at;
			have = size - at < WINDOW ? size - at : WINDOW;
			if (image_read(image, image->frames_offset + at, window, have))
				return false;
		}
		memcpy(&head, window + (at - window_at), sizeof(head));
		/* 0 ends them; UINT32_MAX: a length of 64 bits. */
		if (head.length == 0 || head.length > size - at - 4)
			return false;
		if (may_cover(image, &head, image->frames_address + at, address) &&
		    read_fde(image, image->frames_address + at, start, end) &&
		    *start <= address && address < *end)
			return true;
		at += 4 + (uint64_t)head.length;
	}
	return false;
}

bool frame_extent(const struct image *image, uint64_t address, uint64_t *start,
		  uint64_t *end)
{
	uint64_t base, table, low = 0, high, middle, offset, mask, found = 0;
	int32_t entry[2];

	if (!find_header(image))
		return scan(image, address, start, end);
	if (!find_table(image, &base, &table, &high))
		return false;
	mask = image->wide ? UINT64_MAX : UINT32_MAX;
	/* The last one that does not begin behind the address. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (!image_offset(image, table + middle * TABLE_ENTRY, TABLE_ENTRY, PF_R,
				  &offset) ||
		    image_read(image, offset, entry, sizeof(entry)))
			return false;
		if (((base + (uint64_t)entry[0]) & mask) <= address) {
			found = (base + (uint64_t)entry[1]) & mask;
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return found && read_fde(image, found, start, end) && *start <= address &&
	       address < *end;
}
