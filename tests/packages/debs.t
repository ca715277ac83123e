#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The Debian packages, from build to purge: they are installed in a clean Debian, which then
# gets a newer kernel. The module that DKMS builds for it is loaded and traces in a virtual
# machine, once with functional cases and once with systemd.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

deb_reader() {
	echo "$top/build/sendtrace_$(version)_amd64.deb"
}

deb_module() {
	echo "$top/build/sendtrace-dkms_$(version)_all.deb"
}

deb_library() {
	echo "$top/build/libsendtrace0_$(version)_amd64.deb"
}

deb_development() {
	echo "$top/build/libsendtrace-dev_$(version)_amd64.deb"
}

# Files without folders; the folder of the sources becomes SOURCES.
list_deb() {
	dpkg-deb --fsys-tarfile "$1" | tar -t | grep -v '/$' |
		sed "s|^\.||; s|/usr/src/sendtrace-$(version)/|SOURCES/|" | LC_ALL=C sort
}

reader_holds() {
	LC_ALL=C sort >"$work/wanted" <<-'END'
	/usr/lib/systemd/system/sendread@.service
	/usr/libexec/sendtrace/sendread-service
	/usr/sbin/sendread
	/usr/share/bash-completion/completions/sendread
	/usr/share/doc/sendtrace/README.md.gz
	/usr/share/doc/sendtrace/SECURITY.md.gz
	/usr/share/doc/sendtrace/changelog.gz
	/usr/share/doc/sendtrace/copyright
	/usr/share/doc/sendtrace/examples/60-sendtrace.rules
	/usr/share/doc/sendtrace/examples/logrotate.d/sendtrace
	/usr/share/doc/sendtrace/examples/sendread@.service.d/other-user.conf
	/usr/share/doc/sendtrace/examples/sendread@.service.d/tls.conf
	/usr/share/man/man4/sendtrace.4.gz
	/usr/share/man/man8/sendread.8.gz
	END
	list_deb "$(deb_reader)" >"$work/got"
	same_lines "$work/wanted" "$work/got"
}

module_holds() {
	{
		cat <<-'END'
		/usr/share/doc/sendtrace-dkms/changelog.gz
		/usr/share/doc/sendtrace-dkms/copyright
		/usr/share/doc/sendtrace-dkms/examples/modprobe.d/sendtrace.conf
		/usr/share/doc/sendtrace-dkms/examples/modules-load.d/sendtrace.conf
		END
		cd "$top" && ls -d Kbuild Makefile dkms.conf include/sendtrace/*.h include/uapi/linux/*.h kmod/*.[ch] kmod/*.mk |
			sed 's|^|SOURCES/|'
	} | LC_ALL=C sort >"$work/wanted"
	list_deb "$(deb_module)" >"$work/got"
	same_lines "$work/wanted" "$work/got"
}

library_holds() {
	LC_ALL=C sort >"$work/wanted" <<-'END'
	/usr/lib/x86_64-linux-gnu/libsendtrace.so.0
	/usr/share/doc/libsendtrace0/changelog.gz
	/usr/share/doc/libsendtrace0/copyright
	END
	list_deb "$(deb_library)" >"$work/got"
	same_lines "$work/wanted" "$work/got"
}

development_holds() {
	LC_ALL=C sort >"$work/wanted" <<-'END'
	/usr/include/linux/sendtrace.h
	/usr/include/linux/sendtrace_event.h
	/usr/include/sendtrace.h
	/usr/include/sendtrace_names.h
	/usr/include/sendtrace_tls.h
	/usr/lib/x86_64-linux-gnu/libsendtrace.a
	/usr/lib/x86_64-linux-gnu/libsendtrace.so
	/usr/lib/x86_64-linux-gnu/pkgconfig/libsendtrace.pc
	/usr/share/doc/libsendtrace-dev/changelog.gz
	/usr/share/doc/libsendtrace-dev/copyright
	/usr/share/doc/libsendtrace-dev/examples/example.c
	END
	list_deb "$(deb_development)" >"$work/got"
	same_lines "$work/wanted" "$work/got"
}

versions_agree() {
	equal "$(version)" "$(dpkg-deb -f "$(deb_reader)" Version)" &&
		equal "$(version)" "$(dpkg-deb -f "$(deb_module)" Version)" &&
		equal "$(version)" "$(dpkg-deb -f "$(deb_library)" Version)" &&
		equal "$(version)" "$(dpkg-deb -f "$(deb_development)" Version)" &&
		equal all "$(dpkg-deb -f "$(deb_module)" Architecture)"
}

maintainer_is_builder() {
	equal "A Packager <packager@example.org>" "$(dpkg-deb -f "$(deb_reader)" Maintainer)"
}

install_packages() {
	cp "$(deb_reader)" "$(deb_module)" "$(deb_library)" "$(deb_development)" "$root/packages"
	in_root sh -c 'apt-get install -q -y /packages/*.deb'
}

# With pkg-config, linked to the shared library. An empty stream ends without an error.
example_runs() {
	in_root sh -ec '
		example=/usr/share/doc/libsendtrace-dev/examples/example.c
		gcc -Wall -Werror -o /packages/example $example $(pkg-config --cflags --libs libsendtrace)
		ldd /packages/example
		: >/packages/empty
		/packages/example /packages/empty' >"$work/got" || { cat "$work/got" && return 1; }
	grep 'libsendtrace\.so\.0 => /' "$work/got"
}

is_signed() {
	modinfo -F signer "$root/lib/modules/$new/updates/dkms/sendtrace.ko" | grep .
}

cases_pass() {
	"$top/tests/functional/functional.t" --kernel "$kernel" --timeout 200 \
		--sendtrace "$root/lib/modules/$new/updates/dkms/sendtrace.ko" \
		--sendread "$root/usr/sbin/sendread" --cases "inet.tcp* module.stats module.reload"
}

# For the kernel of the guest, but built as for one that is too new.
make_stub() {
	local headers=$root/usr/src/too-new
	"$top/packaging/build" tree "$root/packages/sendtrace" &&
		cp -a "$root/usr/src/linux-headers-$new" "$headers" && make_too_new "$headers" &&
		in_root make -C /packages/sendtrace dkms-module KDIR=/usr/src/too-new &&
		mv "$root/packages/sendtrace/sendtrace.ko" "$root/packages/stub.ko" &&
		rm -r "$headers" "$root/packages/sendtrace"
}

run_systemd() {
	"$top/tests/vm/run-suite" --kernel "$kernel" --timeout 600 --disk "$work/disk" \
		--bare "$top/tests/packages/guest" 2>"$work/guest.err" |
		sed -u 's/^\(\(not \)\?ok [0-9]* - \)/\1with systemd: /'
	return "${PIPESTATUS[0]}"
}

systemd_passes() {
	mke2fs -q -t ext4 -d "$root" "$work/disk" 1536M >/dev/null 2>&1 ||
		bail_out "the disk for the guest cannot be made"
	relay_points "$work/guest" run_systemd
	grep -q '^ok' "$work/guest" || {
		sed 's/^/# /' "$work/guest.err"
		bail_out "the guest printed no point"
	}
	rm "$work/disk"
}

purge_packages() {
	mkdir -p "$root/var/log/sendtrace" && echo payload >"$root/var/log/sendtrace/mysqld.log"
	in_root apt-get purge -q -y sendtrace sendtrace-dkms libsendtrace0 libsendtrace-dev
}

find_kernels
point "make deb builds all packages, and lintian finds nothing" \
	env DEBFULLNAME="A Packager" DEBEMAIL=packager@example.org make -C "$top" deb
point "sendtrace holds the reader, its man pages, completion, unit and examples" reader_holds
point "sendtrace-dkms holds the module's sources and examples" module_holds
point "libsendtrace0 holds the shared library" library_holds
point "libsendtrace-dev holds the headers, the static library and an example" development_holds
point "their version is that of dkms.conf" versions_agree
point "their maintainer is who built them" maintainer_is_builder
make_root debian
list_root >"$work/before"
point "all are installed in a clean Debian with the headers of $old" install_packages
point "the module is built for $old" module_of "$old"
point "sendread prints the same version" reader_says_version
point "the example is compiled with pkg-config and shows a saved stream" example_runs
point "the headers of $new are installed: a kernel upgrade" upgrade_kernel
point "the module is built for $new, too" module_of "$new"
point "DKMS has signed it with its key" is_signed
point "dkms status names both kernels" dkms_status_is
point "it is loaded and traces in a virtual machine" cases_pass
point "a stub is built for a kernel that is too new" make_stub
systemd_passes
point "all are purged" purge_packages
point "none of their files is left, and no state of DKMS" nothing_is_left "$work/before"
finish
