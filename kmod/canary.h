/* SPDX-License-Identifier: GPL-2.0 */
/* The canary: a probe that sees nothing when no probe sees anything. */
#ifndef _ST_CANARY_H
#define _ST_CANARY_H

#include <linux/types.h>

bool st_canary_sees(void);
void st_canary_remove(void);
void st_canary_called(void);
unsigned long st_canary_address(void);

#endif /* _ST_CANARY_H */
