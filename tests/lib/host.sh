# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What scripts that run on the host share: paths, messages, packages. Sourced; sets $top
# and $cache.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this
cache=${SENDTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sendtrace}
# Where `make user` puts the reader's program.
# shellcheck disable=SC2034
reader_path=user/sendread/sendread
# The job limit of a make that called us is not for the makes that we call.
unset MAKEFLAGS MFLAGS

say() {
	echo "${0##*/}: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# need GROUP|PACKAGE...: installs what is missing (tests/need). depmod and mke2fs are in
# /sbin, which is not on every user's PATH.
need() {
	"$top/tests/need" "$@"
	PATH=$PATH:/usr/sbin:/sbin
}

# tree_key: distinguishes trees that share the cache but must not share a folder in it
tree_key() {
	printf '%s' "$top" | md5sum | cut -c 1-8
}

# sync_files FOLDER: copies the files of the tree whose names are on stdin into FOLDER where they
# differ, so that make rebuilds only what changed.
sync_files() {
	local file
	while IFS= read -r file; do
		cmp -s "$top/$file" "$1/$file" || install -D -m 644 "$top/$file" "$1/$file"
	done
}

# drop_stale FOLDER: deletes each file named on stdin from FOLDER if the tree has none of that name
drop_stale() {
	local file
	while IFS= read -r file; do
		[ -e "$top/$file" ] || rm "$1/$file"
	done
}

# ---- apt's sources, for mmdebstrap -----------------------------------------------------

# suite_sources SUITE: one of Debian's suites, whether this machine uses it or not
suite_sources() {
	local options
	mapfile -t options < <("$top/tests/vm/suite" "$1")
	# shellcheck disable=SC2016 # apt-get fills these in
	apt-get "${options[@]}" indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Component: main' | sort -u
}

# own_sources SUITE: what this machine's own sources have of it
own_sources() {
	# shellcheck disable=SC2016 # apt-get fills these in
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Origin: Debian' 'Component: main' |
		grep -E " $1(-updates|-security)? main$" | sort -u
}

# How this machine reaches its mirror, as options of mmdebstrap.
machine_options() {
	local key value
	for key in Acquire::http::Proxy Acquire::Check-Valid-Until Acquire::Check-Date; do
		value=$(apt-config dump --format '%v' $key)
		[ -z "$value" ] || echo "--aptopt=$key \"$value\""
	done
}
