/* SPDX-License-Identifier: GPL-2.0 */
/* cmocka wants these before it; a test's name is a sentence. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define test_case(function) cmocka_unit_test(function)

#endif /* TEST_H */
