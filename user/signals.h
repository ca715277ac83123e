/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_SIGNALS_H
#define _SENDREAD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Begin to catch signals. Return: a descriptor that is readable when one came, or -errno. */
int signals_init(void);

/* Stop after @nanoseconds as if interrupted; 0 takes that back. Return: 0 or -errno. */
int signals_stop_after(uint64_t nanoseconds);

/* SIGINT, SIGTERM, SIGHUP or the end of the duration. */
bool signals_stop(void);

/* A second one: even what is left shall not be written any more. */
const volatile sig_atomic_t *signals_give_up(void);

/* SIGUSR1, once for each call of it. */
bool signals_take_summary(void);

/* After poll() said that the descriptor is readable. */
void signals_acknowledge(void);

#endif /* _SENDREAD_SIGNALS_H */
