# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of the packages share: checks, and clean Debians to install in. Sourced; sets
# $work, a folder that is deleted at the end.

# shellcheck source=../lib/host.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/host.sh"
# shellcheck source=../lib/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"

# Installing packages needs root, and mounts must end with the test: so it runs in a mount
# namespace, without root in a user namespace, too. What this machine lacks is installed first.
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

# point SENTENCE COMMAND...: the command must succeed; if it fails, its output is shown.
point() {
	local sentence=$1 fault=''
	shift
	"$@" >"$work/said" 2>&1 || fault=$(echo "failed: $*" && tail -n 40 "$work/said" | sed 's/^/  /')
	tap_point "$sentence" "$fault"
}

# refuses COMMAND...: it must fail; with `refuses_with TEXT` it must print TEXT, too.
refuses() {
	! "$@"
}

refuses_with() {
	local text=$1
	shift
	if "$@" >"$work/refusal" 2>&1; then
		cat "$work/refusal" && echo "expected it to fail" && return 1
	fi
	cat "$work/refusal"
	grep -qF -e "$text" "$work/refusal" || { echo "expected it to print: $text" && return 1; }
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

# Sets $kernel, the folder of the kernel that is booted; $new, its release; and $old, an older
# release of the same suite.
find_kernels() {
	kernel=$("$top/tests/vm/kernel" 6.1) || bail_out "there is no kernel to boot"
	new=$(cat "$kernel/release")
	old=$(apt-cache pkgnames linux-headers-6.1. | sed -n 's/^linux-headers-//p' |
		grep -x '6\.1\.[0-9]*-[0-9]*-amd64' | sort -V | sed "/^$new\$/,\$d" | tail -n 1)
	[ -n "$old" ] || bail_out "expected apt to know the headers of a kernel before $new, which are installed first"
}

# ---- Roots --------------------------------------------------------------------------

# make_root NAME: a clean Debian in $work/NAME with DKMS, the headers of $old, and what building
# the reader and programs, booting and rotating need. Without openssl DKMS does not sign.
make_root() {
	root=$work/$1
	"$top/tests/packages/root" new "$root" apt dkms openssl make gcc libc6-dev libkmod-dev libcap-dev libcapstone-dev pkg-config \
		"linux-headers-$old" systemd udev passwd logrotate || bail_out "there is no Debian to install in"
	mkdir "$root/packages"
}

in_root() {
	"$top/tests/packages/root" run "$root" "$@"
}

# The files in it, except for those that any installation changes: logs and backups of dpkg and
# apt, and what depmod and DKMS (its key) write.
list_root() {
	(cd "$root" && find . -xdev \( -path ./packages -o -path ./proc -o -path ./dev \) -prune -o -print) |
		grep -vE '^\./(var/log/dpkg\.log|var/(log|lib|cache)/apt/.*|var/lib/dpkg/.*-old|usr/lib/modules/[^/]*/modules\.[^/]*|var/lib/dkms/mok\.(key|pub)|var/cache/ldconfig.*)$' |
		sort
}

# As apt does it: the new kernel's headers are installed beside the old ones.
upgrade_kernel() {
	local headers=$cache/packages/headers-$new
	"$top/tests/packages/root" download "$headers" "linux-headers-$new" \
		"linux-headers-${new%-amd64}-common" &&
		mkdir "$root/packages/headers" && cp "$headers"/*.deb "$root/packages/headers" &&
		in_root sh -c 'dpkg -i /packages/headers/*.deb'
}

# make_too_new HEADERS: lets them say that they are a kernel's that is too new
make_too_new() {
	sed -i "s/\(LINUX_VERSION_CODE\) .*/\1 $(((7 << 16) + (4 << 8)))/" \
		"$1/include/generated/uapi/linux/version.h"
}

# nothing_is_left LIST: the files are those in LIST and those of the new kernel's headers
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
