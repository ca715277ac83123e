#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Which kernels the module may be compiled for, the error for all others, and the stub that says
# the same: supported.h under the compiler, with headers that have only a version and a
# configuration. And whether dkms.conf names the same kernels.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

tree=$here/../..
supported=$tree/kmod/supported.h
mkdir -p "$work/linux"

# compile_for A.B.C MISSING-OPTION [COMPILER'S ARGUMENT...]
compile_for() {
	version=$(echo "$1" | tr . ,) missing=$2
	shift 2
	cat >"$work/linux/version.h" <<-END
	#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
	#define LINUX_VERSION_CODE KERNEL_VERSION($version)
	END
	# A missing option is 0: only the others are defined.
	grep -o 'IS_ENABLED(CONFIG_[A-Z0-9_]*' "$supported" | sed 's/.*(//' | sort -u |
		grep -vx -e "$missing" | sed 's/.*/#define & 1/' >"$work/linux/kconfig.h"
	echo '#define IS_ENABLED(option) option' >>"$work/linux/kconfig.h"
	cat >"$work/why.c" <<-END
	#include "$supported"
	#ifdef ST_UNSUPPORTED
	const char why[] = ST_UNSUPPORTED;
	#endif
	END
	run "${CC:-cc}" -I "$work" -I "$tree/include" "$@" -S -o "$work/why.s" "$work/why.c"
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

stub_says() {
	sentence=$1
	shift
	check "the stub for $sentence is compiled" exited 0
	for words; do
		check "... and says: $words" grep -qF -e "$words" "$work/why.s"
	done
}

# is_excluded RELEASE: by dkms.conf, where DKMS skips what is excluded
# shellcheck disable=SC2016 # expanded in there
is_excluded() {
	bash -c 'autoinstall() { skipped_modules=(); }
		kernelver=$2 . "$1" && [[ ! $2 =~ $BUILD_EXCLUSIVE_KERNEL ]]' bash "$tree/dkms.conf" "$1"
}

is_included() {
	! is_excluded "$1"
}

compile_for 5.9.255 - && refused "a kernel 5.9" "older than Linux 5.10 to 7.3"
compile_for 5.10.0 - && compiles 5.10
compile_for 7.3.255 - && compiles 7.3
compile_for 7.4.0 - && refused "a kernel that is newer than the newest known one" \
	"newer than Linux 5.10 to 7.3" "get a newer sendtrace" "ST_NEWER_KERNEL=y"
compile_for 7.4.0 - -DST_NEWER_KERNEL && compiles "7.4, with ST_NEWER_KERNEL,"
compile_for 7.4.0 - -DST_STUB && stub_says "a kernel that is too new" "newer than Linux 5.10 to 7.3"
for option in CONFIG_64BIT CONFIG_KRETPROBES CONFIG_NET CONFIG_PROC_FS; do
	compile_for 6.1.0 $option && refused "a kernel without $option" $option
	check "... and excluded by dkms.conf" grep -q "BUILD_EXCLUSIVE_CONFIG=.*\<$option\>" "$tree/dkms.conf"
done
compile_for 6.1.0 CONFIG_NET -DST_STUB && stub_says "a kernel without CONFIG_NET" CONFIG_NET
for release in 4.19.0-27-amd64 5.9.16 5.1.0 7.4.0-1-amd64 7.10.1 7.30.2 8.0.0 10.3.0 17.3.0; do
	check "dkms.conf excludes $release" is_excluded $release
done
for release in 5.10.0-46-amd64 5.19.17 6.0.1 6.12.95+deb12-amd64 6.19.0 7.0.0-rc1 7.3.4+deb13-arm64; do
	check "dkms.conf includes $release" is_included $release
done
finish
