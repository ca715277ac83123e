#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make install` and `make uninstall` with Debian's DKMS in a clean Debian, with a kernel
# upgrade in between; and how a kernel without kretprobes is refused: by the DKMS of Debian 12,
# by that of Debian 13, and, without DKMS, by the compiler.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

bare=6.1.0-0-noprobes
refusal="includes a BUILD_EXCLUSIVE directive"

make_in_root() {
	in_root make -C /packages/sendtrace "$@"
}

# The headers of $old, changed to those of a kernel without kretprobes.
make_bare_kernel() {
	local headers=$root/usr/src/linux-headers-$bare
	cp -a "$root/usr/src/linux-headers-$old" "$headers" &&
		sed -i '/CONFIG_KRETPROBES/d' "$headers/.config" "$headers/include/config/auto.conf" \
			"$headers/include/generated/autoconf.h" &&
		sed -i "s/${old//./\\.}/$bare/" "$headers/include/generated/utsrelease.h" \
			"$headers/include/config/kernel.release" &&
		mkdir "$root/lib/modules/$bare" &&
		ln -s "/usr/src/linux-headers-$bare" "$root/lib/modules/$bare/build"
}

no_bare_module() {
	find "$root/lib/modules/$bare/" -name 'sendtrace*' | grep . && return 1
	return 0
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
point "a kernel without CONFIG_KRETPROBES is refused by DKMS, with BUILD_EXCLUSIVE" \
	refuses_with "$refusal" make_in_root install KVER=$bare
point "... and make install names the options that the kernel must have" \
	refuses_with "kernel $bare must have all of CONFIG_KPROBES CONFIG_KRETPROBES" \
	make_in_root install KVER=$bare
point "... and no module is installed for it" no_bare_module
point "make uninstall removes that, too" make_in_root uninstall
point "without DKMS the compiler names what the kernel lacks" \
	refuses_with "sendtrace needs a kernel with CONFIG_KPROBES and CONFIG_KRETPROBES" \
	make_in_root module KVER=$bare
point "Debian 13's DKMS is installed" install_newer_dkms
point "it installs and removes the module" goes_through_dkms
point "it refuses that kernel" refuses_with "$refusal" make_in_root install KVER=$bare
point "... and installs no module for it" no_bare_module
finish
