#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# libsendtrace as its users get it: installed, found by pkg-config, linked both ways.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

user=$here/../../user
stage=$work/stage
prefix=/opt/sendtrace
lib=$stage$prefix/lib
cc=${CC:-cc}

PKG_CONFIG_PATH=$lib/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$stage
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR

# A make above this one must not share its options with this one.
user_make() {
	env -u MAKEFLAGS -u MFLAGS make -s -C "$user" "$@" DESTDIR="$stage" PREFIX="$prefix"
}

installed() {
	(cd "$stage$prefix" && find . ! -type d | LC_ALL=C sort | xargs)
}

# foreign_names NM-OPTION FILE: global names that do not begin with sendtrace_
foreign_names() {
	nm "$1" --defined-only "$2" | awk '$2 == "A" { next } # the version itself
		NF == 3 { names++ }
		NF == 3 && $3 !~ /^sendtrace_/ { print $3; foreign++ }
		END { exit !(names > 10 && !foreign) }'
}

# Without it, a later version of a function could not be distinguished from an earlier one.
names_have_version() {
	[ "$(nm -D --defined-only "$1" | grep -c ' T sendtrace_[a-z_]*@@SENDTRACE_0$')" -gt 10 ] &&
		! nm -D --defined-only "$1" | grep ' T ' | grep -v '@@SENDTRACE_0$'
}

# build_example OUTPUT LINKER-ARGUMENT...
build_example() {
	output=$1
	shift
	# shellcheck disable=SC2046 # as many words
	"$cc" -Wall -Wextra -Werror -o "$output" "$user/lib/example.c" \
		$(pkg-config --cflags libsendtrace) "$@"
}

# The example's words for `send gap send lost send`.
example_output() {
	event="pid=29664 comm=connection bytes=5"
	printf '%s\n' "$event" "5 events missing" "$event" "17 events lost" "$event"
}

# shows_all COMMAND...: the example shows a saved stream from a file and from a pipe.
shows_all() {
	run "$@" "$work/stream"
	exited 0 && said_nothing && cmp -s "$work/wanted" "$work/out" || return 1
	run sh -c 'cat "$0" | "$@" -' "$work/stream" "$@"
	exited 0 && cmp -s "$work/wanted" "$work/out"
}

needs_library() {
	readelf -d "$1" | grep -q 'NEEDED.*\[libsendtrace\.so\.0\]'
}

stays_under_40_lines() {
	[ "$(wc -l <"$user/lib/example.c")" -le 40 ]
}

run user_make install-library
check "the library is installed" exited 0
run installed
check "... as an archive and a shared library, with headers and the file for pkg-config" printed \
	"./include/linux/sendtrace.h ./include/linux/sendtrace_event.h ./include/sendtrace.h ./include/sendtrace_names.h ./include/sendtrace_tls.h ./lib/libsendtrace.a ./lib/libsendtrace.so ./lib/libsendtrace.so.0 ./lib/pkgconfig/libsendtrace.pc"
run foreign_names -g "$lib/libsendtrace.a"
check "the archive shows only names that begin with sendtrace_" exited 0
run foreign_names -D "$lib/libsendtrace.so.0"
check "... and so does the shared library" exited 0
run names_have_version "$lib/libsendtrace.so.0"
check "... each with the library's version" exited 0
run readelf -d "$lib/libsendtrace.so.0"
check "... which has its name" grep -q 'SONAME.*\[libsendtrace\.so\.0\]' "$work/out"
run pkg-config --modversion libsendtrace
check "pkg-config knows the version" printed \
	"$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$here/../../dkms.conf")"

"$make_stream" send gap send lost send >"$work/stream"
example_output >"$work/wanted"
check "the example has at most 40 lines" stays_under_40_lines
# shellcheck disable=SC2046 # as many words
run build_example "$work/static" -static $(pkg-config --libs --static libsendtrace)
check "the example is linked to the archive" exited 0
check "... and shows events and gaps of a saved stream" shows_all "$work/static"
# shellcheck disable=SC2046 # as many words
run build_example "$work/shared" $(pkg-config --libs libsendtrace)
check "the example is linked to the shared library" exited 0
check "... which it asks for by its name" needs_library "$work/shared"
check "... and shows events and gaps of a saved stream" \
	shows_all env LD_LIBRARY_PATH="$lib" "$work/shared"
head -c 100 "$work/stream" >"$work/cut"
run "$work/static" "$work/cut"
check "a stream that ends within a record is an error" exited 1

for language in c,c11 c++,c++11 c++,c++20; do
	run "$cc" -x "${language%,*}" -std="${language#*,}" -fsyntax-only -Wall -Wextra \
		-Wshadow -Werror -I"$stage$prefix/include" "$stage$prefix/include/sendtrace.h"
	check "a program in ${language#*,} can include the header" exited 0
done

run user_make uninstall
check "uninstall succeeds" exited 0
run installed
check "... and removes everything" printed ""
finish
