#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make install` and `make uninstall` with Debian's DKMS in a clean Debian, with a kernel
# upgrade in between; and an upgrade to a kernel that is not supported, because it is too new or
# has no kretprobes, or for which the module does not compile: with the DKMS of Debian 12, with
# that of Debian 13, and, without DKMS, with the compiler.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

bare=6.1.0-0-noprobes
newer=7.4.0-0-newer
broken=6.1.0-0-broken
too_new="newer than Linux 5.10 to 7.3"

make_in_root() {
	in_root make -C /packages/sendtrace "$@"
}

# copy_headers RELEASE: the headers of $old as those of another kernel
copy_headers() {
	local headers=$root/usr/src/linux-headers-$1
	cp -a "$root/usr/src/linux-headers-$old" "$headers" &&
		sed -i "s/${old//./\\.}/$1/" "$headers/include/generated/utsrelease.h" \
			"$headers/include/config/kernel.release" &&
		mkdir "$root/lib/modules/$1" && ln -s "/usr/src/linux-headers-$1" "$root/lib/modules/$1/build"
}

make_bare_kernel() {
	local headers=$root/usr/src/linux-headers-$bare
	copy_headers $bare && sed -i '/CONFIG_KRETPROBES/d' "$headers/.config" \
		"$headers/include/config/auto.conf" "$headers/include/generated/autoconf.h"
}

make_newer_kernel() {
	copy_headers $newer && make_too_new "$root/usr/src/linux-headers-$newer"
}

# The package of a kernel runs these when it is installed, and fails with them.
hooks_succeed() {
	in_root run-parts --exit-on-error --arg="$1" --arg="/boot/vmlinuz-$1" /etc/kernel/postinst.d
}

# stub_of RELEASE REASON
stub_of() {
	modinfo -F unsupported "$root/lib/modules/$1/updates/dkms/sendtrace.ko" | grep -F -e "$2"
}

no_module_of() {
	find "$root/lib/modules/$1/" -name 'sendtrace*' | grep . && return 1
	return 0
}

# A module that does not compile for a kernel, though that is supported.
goes_past_errors() {
	local file
	file=$root/usr/src/sendtrace-$(version)/kmod/main.c
	sed -i.good '$a #error changed in this kernel' "$file" && hooks_succeed $broken &&
		stub_of $broken "does not compile for this kernel" && mv "$file.good" "$file"
}

can_be_forced() {
	make_in_root install KVER=$newer KBUILD_OPTIONS=ST_NEWER_KERNEL=y && module_of $newer &&
		refuses stub_of $newer .
}

install_newer_dkms() {
	local folder=$cache/packages/dkms-trixie
	"$top/tests/packages/root" download "$folder" dkms -- trixie &&
		cp "$folder"/dkms_*.deb "$root/packages/dkms.deb" || return
	# It also depends on packages that building a module does not need.
	in_root dpkg -i --force-depends --force-confnew /packages/dkms.deb || return
	in_root dkms --version | grep '^dkms-3\.[1-9]'
}

# The manual way of dkms(8).
goes_through_dkms() {
	make_in_root install KVER="$old" && module_of "$old" && in_root dkms remove "sendtrace/$(version)" --all &&
		refuses module_of "$old"
}

find_kernels
make_root host
"$top/packaging/build" tree "$root/packages/sendtrace"
list_root >"$work/before"
point "make install installs it in a clean Debian with the headers of $old" \
	make_in_root install KVER="$old"
point "the module is built for $old" module_of "$old"
point "sendread prints the same version" reader_says_version
point "the headers of $new are installed: a kernel upgrade" upgrade_kernel
point "the module is built for $new, too" module_of "$new"
point "dkms status names both kernels" dkms_status_is
point "make uninstall removes it" make_in_root uninstall
point "none of its files is left, and no state of DKMS" nothing_is_left "$work/before"

make_bare_kernel
make_newer_kernel
copy_headers $broken
point "it is installed again" make_in_root install KVER="$old"
point "a kernel that is too new is installed beside it: its hooks succeed" hooks_succeed $newer
point "... with a stub of the module that says why" stub_of $newer "$too_new"
point "make install refuses such a kernel, and names the versions" \
	refuses_with "$too_new" make_in_root install KVER=$newer
point "... but not with ST_NEWER_KERNEL=y" can_be_forced
point "dkms autoinstall succeeds for a kernel without CONFIG_KRETPROBES" in_root dkms autoinstall -k $bare
point "... with a stub, too" stub_of $bare CONFIG_KRETPROBES
point "make install refuses it, and names the options that it must have" \
	refuses_with "CONFIG_KPROBES and CONFIG_KRETPROBES" make_in_root install KVER=$bare
point "a kernel for which the module does not compile gets a stub, too" goes_past_errors
point "make uninstall removes them all" make_in_root uninstall
point "... from that kernel" no_module_of $newer
point "without DKMS the compiler names what the kernel lacks" \
	refuses_with "sendtrace needs a kernel with CONFIG_KPROBES and CONFIG_KRETPROBES" \
	make_in_root module KVER=$bare
point "... and the versions" refuses_with "$too_new" make_in_root module KVER=$newer
point "Debian 13's DKMS is installed" install_newer_dkms
point "it installs and removes the module" goes_through_dkms
point "it is installed with it" make_in_root install KVER="$old"
point "the hooks of the kernel that is too new succeed" hooks_succeed $newer
point "... and it is skipped" no_module_of $newer
point "make install refuses it, and names the versions" \
	refuses_with "expected Linux 5.10 to 7.3" make_in_root install KVER=$newer
point "... but not with ST_NEWER_KERNEL=y" can_be_forced
point "dkms autoinstall skips the kernel without CONFIG_KRETPROBES" in_root dkms autoinstall -k $bare
point "... and installs no module" no_module_of $bare
point "make install refuses it, and names the options" \
	refuses_with "CONFIG_KPROBES CONFIG_KRETPROBES" make_in_root install KVER=$bare
point "a kernel for which the module does not compile gets a stub" goes_past_errors
finish
