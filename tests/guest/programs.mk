# SPDX-License-Identifier: GPL-2.0
# How the programs of a suite are built: each of programs/NAME.c and of what the suites share,
# into build/NAME. They are static, since the guest has no libraries but those of sendread.
#
# A suite's Makefile sets `programs`, and `shared` for programs that lie in this folder, then
# includes this file. After that it may name further sources:
#
#	build/NAME: programs/MORE.c

CC     ?= gcc
CFLAGS ?= -O1 -g
guest  := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
uapi   := $(guest)/../../include/uapi
GUEST_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I$(guest) -I$(uapi) -pthread

common  := check expect expect_ways net tracer records
objects := $(common:%=build/%.o)
headers := $(wildcard programs/*.h $(guest)/*.h) $(wildcard $(uapi)/linux/*.h)
makefiles := Makefile $(guest)/programs.mk

all: $(programs:%=build/%) $(shared:%=build/%)

$(programs:%=build/%): build/%: programs/%.c $(objects) $(headers) $(makefiles)
	$(CC) $(GUEST_CFLAGS) $(CFLAGS) -static -o $@ $(filter %.c %.o,$^) $(LDLIBS)

$(shared:%=build/%): build/%: $(guest)/%.c $(objects) $(headers) $(makefiles)
	$(CC) $(GUEST_CFLAGS) $(CFLAGS) -static -o $@ $(filter %.c %.o,$^) $(LDLIBS)

$(objects): build/%.o: $(guest)/%.c $(headers) $(makefiles) | build
	$(CC) $(GUEST_CFLAGS) $(CFLAGS) -c -o $@ $<

build:
	mkdir -p $@

clean:
	rm -rf build

.PHONY: all clean
