# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What scripts that run on the host share: paths, messages, packages. Sourced; sets $top
# and $cache.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # used by those who source this
cache=${SENDTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sendtrace}
# Where the reader's program is in the tree, once it is built.
# shellcheck disable=SC2034
reader_path=user/sendread
# Of a make that has called us: how many jobs it may start is not for the makes called here.
unset MAKEFLAGS MFLAGS

say() {
	echo "${0##*/}: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# need GROUP|PACKAGE...: installs what is missing (tests/need). depmod and mke2fs live
# in /sbin, which is not on everyone's PATH.
need() {
	"$top/tests/need" "$@"
	PATH=$PATH:/usr/sbin:/sbin
}

# One guest's points of several, numbered on from the $points before. Line by line, for a
# guest may take long: an awk may wait until it has read a block.
renumber() {
	local line
	while IFS= read -r line || [ -n "$line" ]; do
		[[ $line =~ ^1\.\.[0-9] ]] && continue
		# shellcheck disable=SC2154 # set by those who source this
		[[ $line =~ ^((not )?ok )([0-9]+)(.*)$ ]] &&
			line=${BASH_REMATCH[1]}$((BASH_REMATCH[3] + points))${BASH_REMATCH[4]}
		printf '%s\n' "$line"
	done
}

# ---- Root directories of other suites ------------------------------------------------

# suite_sources SUITE: its sources as apt has them, for mmdebstrap.
suite_sources() {
	local options
	mapfile -t options < <("$top/tests/vm/suite" "$1")
	# shellcheck disable=SC2016 # apt-get fills these in
	apt-get "${options[@]}" indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Component: main' | sort -u
}

# How the machine reaches its mirror holds for mmdebstrap, too.
machine_options() {
	local key value
	for key in Acquire::http::Proxy Acquire::Check-Valid-Until Acquire::Check-Date; do
		value=$(apt-config dump --format '%v' $key)
		[ -z "$value" ] || echo "--aptopt=$key \"$value\""
	done
}
