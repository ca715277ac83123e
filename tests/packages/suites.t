#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The reader is built and passes its unit tests in other Debians than this machine's: with the
# compilers, C libraries and names of packages of the oldest one that has a supported kernel, and
# of the newest.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Building the module also needs libraries of Linux's own tools, which are for Debian 12 and later.
groups() {
	case $1 in
	bullseye) echo unit ;;
	*) echo build unit ;;
	esac
}

# Sets $root to a clean Debian SUITE with what tests/need wants there, and with our sources.
make_suite_root() {
	local names
	# shellcheck disable=SC2046 # names of groups
	mapfile -t names < <("$top/tests/need" --names $(groups "$1") | sort -u)
	root=$work/$1
	"$top/tests/packages/root" new "$root" "${names[@]}" -- "$1" || bail_out "there is no Debian $1"
	mkdir "$root/packages"
	"$top/packaging/build" tree "$root/packages/sendtrace"
}

in_sources() {
	"$top/tests/packages/root" run "$root" sh -ec 'cd /packages/sendtrace && "$@"' sh "$@"
}

nothing_is_missing() {
	# shellcheck disable=SC2046 # names of groups
	in_sources env SENDTRACE_NO_INSTALL=1 tests/need $(groups "$suite")
}

for suite in bullseye trixie; do
	make_suite_root "$suite"
	point "$suite: tests/need knows the packages by the names that they have there" nothing_is_missing
	point "$suite: the reader and its library are built, without a warning" \
		in_sources make -s -j2 user WERROR=1
	point "$suite: sendread runs" in_sources user/sendread/sendread --version
	point "$suite: the unit tests pass" in_sources make -s -j2 -C tests/unit check
	umount "$root" 2>/dev/null || rm -rf "$root"
done
root=
finish
