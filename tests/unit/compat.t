#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Which kernels the module may be compiled for, and the error for all others: compat.h under
# the preprocessor, with headers that have only a version and a configuration.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

compat=$here/../../kmod/compat.h
mkdir -p "$work/linux"
for header in file mm net pagemap rcupdate uaccess; do
	: >"$work/linux/$header.h"
done

# compile_for A.B.C MISSING-OPTION [COMPILER'S ARGUMENT...]
compile_for() {
	version=$(echo "$1" | tr . ,) missing=$2
	shift 2
	cat >"$work/linux/version.h" <<-END
	#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
	#define LINUX_VERSION_CODE KERNEL_VERSION($version)
	END
	# A missing option is 0: only the others are defined.
	grep -o 'IS_ENABLED(CONFIG_[A-Z0-9_]*' "$compat" | sed 's/.*(//' | sort -u |
		grep -vx -e "$missing" | sed 's/.*/#define & 1/' >"$work/linux/kconfig.h"
	echo '#define IS_ENABLED(option) option' >>"$work/linux/kconfig.h"
	run "${CC:-cc}" -E -I "$work" "$@" -o "$work/compat.i" "$compat"
}

compiles() {
	check "a kernel $1 is compiled for" exited 0
}

refused() {
	check "$1 is refused" exited 1
	shift
	for words; do
		check "... with what is expected and what to do: $words" said "$words"
	done
}

compile_for 5.9.255 - && refused "a kernel 5.9" "needs Linux 5.10 or newer"
compile_for 5.10.0 - && compiles 5.10
compile_for 7.3.255 - && compiles 7.3
compile_for 7.4.0 - && refused "a kernel that is newer than the newest known one" \
	"knows Linux 5.10 to 7.3" "get a newer sendtrace" "ST_NEWER_KERNEL=y"
compile_for 7.4.0 - -DST_NEWER_KERNEL && compiles "7.4, with ST_NEWER_KERNEL,"
for option in CONFIG_64BIT CONFIG_KRETPROBES CONFIG_NET CONFIG_PROC_FS; do
	compile_for 6.1.0 $option && refused "a kernel without $option" $option
done
finish
