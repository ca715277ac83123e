/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test program shares: cases by name, checks, and waiting for states.
 *
 * A program's standard output holds the lines that sendread is expected to print, nothing
 * else. Failures are reported on standard error. The exit status is 0, 1 for a
 * failure, 77 for a case that cannot run here (the reason is on standard error).
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct test_case {
	const char *name;
	void (*run)(void);
};

/* The arguments after the case's name, ended by NULL. */
extern char **case_args;

/* Run the case that argv[1] names; return the exit status. The table ends with {}. */
int run_cases(int argc, char **argv, const struct test_case *table);

/* Report and count a failure if @holds is false. Return @holds. */
bool check(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Check that a call returned -1 with errno @want, or did not fail where @want is 0. */
bool check_errno(long ret, int want, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Check two numbers for equality. */
bool check_equal(long long got, long long want, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True if a check has failed in this process. */
bool check_failed(void);

/* The case cannot continue: print the reason, with errno's text, and exit. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Pass @ret through, die if it is negative. */
long must(long ret, const char *what);

/*
 * If the runner gave a gate (environment variable GATE, a fifo): create $GATE.ready to
 * show that everything is set up, and wait until it opens the gate.
 */
void gate(void);

/* Wait until the thread sleeps in system call @nr. */
void wait_blocked(pid_t tid, long nr);

/* Sleep between two looks at a state; after over a minute of looks die, naming @what. */
struct deadline {
	unsigned int looks;
};
void look_again(struct deadline *deadline, const char *what);

/*
 * Go on as another user, by the real user id @uid. The effective one stays root's, and with it
 * all rights.
 */
void become_user(uid_t uid);

/* Is this a PREEMPT_RT kernel? */
bool is_rt(void);

/* Bind the calling thread to @cpu. */
void run_on(int cpu);

/* Run @fn in a child process that does not outlive us; return its pid. */
pid_t start_child(void (*fn)(void *arg), void *arg);

/* Wait for a child; its failure is ours. */
void end_child(pid_t pid);

/* start_child() and end_child(). */
void in_child(void (*fn)(void *arg), void *arg);

#endif /* CHECK_H */
