#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make install` and `make uninstall` with Debian's DKMS in a clean Debian, over a kernel
# upgrade; and how a kernel that has no kretprobes is refused, by Debian 12's DKMS, by
# Debian 13's, and by the compiler where there is no DKMS.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

bare=6.1.0-0-noprobes
refusal="includes a BUILD_EXCLUSIVE directive"

make_in_root() {
	in_root make -C /packages/sendtrace "$@"
}

# The headers of $old, but of a kernel without kretprobes.
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
	# It also depends on packages that building a module does not use.
	in_root dpkg -i --force-depends --force-confnew /packages/dkms.deb || return
	in_root dkms --version | grep '^dkms-3\.[1-9]'
}

# By hand, as dkms(8) has it.
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
point "sendread says the same version" reader_says_version
point "the headers of $new are installed: a kernel upgrade" upgrade_kernel
point "the module is built for $new, too" module_of "$new"
point "dkms status names both kernels" dkms_status_is
point "make uninstall takes it back" make_in_root uninstall
point "no file of it is left, and no state of DKMS's" nothing_is_left "$work/before"

make_bare_kernel
point "a kernel without CONFIG_KRETPROBES is refused by DKMS, with BUILD_EXCLUSIVE" \
	refuses_with "$refusal" make_in_root install KVER=$bare
point "... and make install names the options that it must have" \
	refuses_with "kernel $bare must have all of CONFIG_KPROBES CONFIG_KRETPROBES" \
	make_in_root install KVER=$bare
point "... and gets no module" no_bare_module
point "make uninstall takes that back, too" make_in_root uninstall
point "without DKMS the compiler says what the kernel lacks" \
	refuses_with "sendtrace needs a kernel with CONFIG_KPROBES and CONFIG_KRETPROBES" \
	make_in_root module KVER=$bare
point "Debian 13's DKMS is installed" install_newer_dkms
point "it installs and removes the module" goes_through_dkms
point "it refuses that kernel" refuses_with "$refusal" make_in_root install KVER=$bare
point "... which gets no module" no_bare_module
finish
