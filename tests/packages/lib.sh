# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of the packages share: TAP points, and clean Debians to install in.
# Sourced; sets $work, a folder that is gone at the end.

# shellcheck source=../lib/host.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/host.sh"

points=0
failed=0

# Installing packages is root's, and mounts are to end with the test. Who is not root becomes
# that in a namespace, once what is missing on the machine has been installed.
if [ -z "${SENDTRACE_UNSHARED:-}" ]; then
	need packages >&2
	become=()
	[ "$(id -u)" = 0 ] || become=(--map-root-user --map-auto)
	SENDTRACE_UNSHARED=1 exec unshare --mount "${become[@]}" "$0" "$@"
fi
PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d "${TMPDIR:-/tmp}/sendtrace-packages.XXXXXX")

clean_up() {
	[ -z "${root:-}" ] || umount "$root" 2>/dev/null || :
	rm -rf "$work"
}
trap clean_up EXIT

bail_out() {
	echo "Bail out! $*"
	exit 1
}

# point SENTENCE COMMAND...: what the command says is shown if it fails.
point() {
	local sentence=$1
	shift
	points=$((points + 1))
	if "$@" >"$work/said" 2>&1; then
		echo "ok $points - $sentence"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $points - $sentence"
	echo "# failed: $*"
	tail -n 40 "$work/said" | sed 's/^/#   /'
}

finish() {
	echo "1..$points"
	[ "$failed" = 0 ]
}

# refuses COMMAND...: it has to fail; `refuses_with TEXT` has to be in what it said, too.
refuses() {
	! "$@"
}

refuses_with() {
	local text=$1
	shift
	if "$@" >"$work/refusal" 2>&1; then
		cat "$work/refusal" && echo "expected it to be refused" && return 1
	fi
	cat "$work/refusal"
	grep -qF -e "$text" "$work/refusal" || { echo "expected it to say: $text" && return 1; }
}

# equal WANTED GOT
equal() {
	[ "$1" = "$2" ] || { echo "expected '$1', got '$2'" && return 1; }
}

# same_lines WANTED GOT: files
same_lines() {
	diff -U 0 "$1" "$2" | grep '^[-+]' && return 1
	return 0
}

version() {
	sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf"
}

# ---- Kernels ------------------------------------------------------------------------

# Sets $kernel, the folder of the one that is booted; $new, its release, and $old, the
# release of one that the suite had before it.
find_kernels() {
	kernel=$("$top/tests/vm/kernel" 6.1) || bail_out "there is no kernel to boot"
	new=$(cat "$kernel/release")
	old=$(apt-cache pkgnames linux-headers-6.1. | sed -n 's/^linux-headers-//p' |
		grep -x '6\.1\.[0-9]*-[0-9]*-amd64' | sort -V | sed "/^$new\$/,\$d" | tail -n 1)
	[ -n "$old" ] || bail_out "expected a kernel before $new, whose headers are installed first; apt knows none"
}

# ---- Roots --------------------------------------------------------------------------

# make_root NAME: a clean Debian in $work/NAME with DKMS and the headers of $old, and with
# what it takes to build the reader and to be booted. openssl: without it DKMS signs nothing.
make_root() {
	root=$work/$1
	"$top/tests/packages/root" new "$root" apt dkms openssl make gcc libc6-dev libkmod-dev \
		"linux-headers-$old" systemd udev passwd || bail_out "there is no Debian to install in"
	mkdir "$root/packages"
}

in_root() {
	"$top/tests/packages/root" run "$root" "$@"
}

# What there is in it, but for what installing anything changes: logs and backups of dpkg's
# and apt's, and what depmod and DKMS (its key) leave.
list_root() {
	(cd "$root" && find . -xdev \( -path ./packages -o -path ./proc -o -path ./dev \) -prune -o -print) |
		grep -vE '^\./(var/log/dpkg\.log|var/(log|lib|cache)/apt/.*|var/lib/dpkg/.*-old|usr/lib/modules/[^/]*/modules\.[^/]*|var/lib/dkms/mok\.(key|pub)|var/cache/ldconfig.*)$' |
		sort
}

# As apt does it: the headers of the new kernel beside those of the old one.
upgrade_kernel() {
	local headers=$cache/packages/headers-$new
	"$top/tests/packages/root" download "$headers" "linux-headers-$new" \
		"linux-headers-${new%-amd64}-common" &&
		mkdir "$root/packages/headers" && cp "$headers"/*.deb "$root/packages/headers" &&
		in_root sh -c 'dpkg -i /packages/headers/*.deb'
}

# nothing_is_left LIST: nothing is there but what the list of before says, and what the new
# kernel's headers have brought; and nothing is missing.
nothing_is_left() {
	list_root >"$work/after"
	{
		cat "$1"
		in_root dpkg -L "linux-headers-$new" "linux-headers-${new%-amd64}-common" |
			sed 's|^/lib/|/usr/lib/|; s|^|.|'
		find "$root/var/lib/dpkg/info" -name 'linux-headers-*' -printf './var/lib/dpkg/info/%f\n'
	} | sort -u >"$work/wanted"
	comm -13 "$work/wanted" "$work/after" | grep . && return 1
	comm -23 "$1" "$work/after" | grep . && return 1
	refuses grep -rqs sendtrace "$root/var/lib/dkms" "$root/var/lib/dpkg/status"
}

reader_says_version() {
	equal "sendread $(version) (ABI 1)" "$(in_root sendread --version)"
}

dkms_status_is() {
	in_root dkms status sendtrace | sort -V >"$work/got"
	printf 'sendtrace/%s, %s, x86_64: installed\n' "$(version)" "$old" "$(version)" "$new" >"$work/wanted"
	same_lines "$work/wanted" "$work/got"
}

module_of() {
	local file=$root/lib/modules/$1/updates/dkms/sendtrace.ko
	[ -e "$file" ] || { find "$root/lib/modules/" -name 'sendtrace*' && echo "expected $file" && return 1; }
	equal "$(version)" "$(modinfo -F version "$file")" &&
		equal "$1" "$(modinfo -F vermagic "$file" | cut -d ' ' -f 1)"
}
