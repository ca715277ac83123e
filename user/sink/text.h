/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_TEXT_H
#define _SENDREAD_TEXT_H

struct out;
struct record;

/* One line for a send() or sendto(): keys and order are promised in sendread(8). */
void format_text_send(struct out *out, const struct record *record);

/* One line for an accept() or accept4(). */
void format_text_accept(struct out *out, const struct record *record);

/* Keep no text of any line so far: the next is as the first. For tests, of one line each. */
void format_text_forget(void);

/* Why fewer bytes are shown than the call sent: an enum sendtrace_why, or WHY_UNJOINED. */
unsigned int format_text_why_of(const struct record *record);

/* The word for it. */
const char *format_text_why(unsigned int why);

#endif /* _SENDREAD_TEXT_H */
