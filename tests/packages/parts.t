#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Parts of the packages alone: the completion compared with the reader's options, the examples
# with the module's parameters, make's variables, and the spec file built by rpmbuild.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# ---- The completion ---------------------------------------------------------------------

# complete WORD...: the completions of the last word, one per line
complete_words() {
	bash -c '
		. "$1" && shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_sendread "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
		[ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}"
		' bash "$top/packaging/completions/sendread" "$top/$reader_path" "$@"
}

# --help names them before their descriptions.
options_of_help() {
	"$top/$reader_path" --help | grep '^ *-' | sed 's/^ *//; s/  .*//' |
		grep -oE -- '(^|[ ,])--?[A-Za-z][a-z-]*' | tr -d ' ,' | LC_ALL=C sort
}

# .It Fl a , Fl -accepts
options_of_manual() {
	sed -n 's/^\.It \(Fl .*\)/\1/p' "$top/user/sendread/sendread.8" | grep -oE 'Fl [-A-Za-z]+' |
		sed 's/^Fl /-/' | LC_ALL=C sort
}

completes_options() {
	options_of_help >"$work/wanted"
	complete_words - | LC_ALL=C sort >"$work/got"
	grep -q -e --snaplen "$work/wanted" && same_lines "$work/wanted" "$work/got"
}

manual_has_options() {
	options_of_help >"$work/wanted"
	options_of_manual >"$work/got"
	same_lines "$work/wanted" "$work/got"
}

completes_prefix() {
	equal "--device --duration" "$(complete_words mysqld --d | sort | xargs)"
}

# With processes of such names. A blank must be quoted for the shell.
completes_names() {
	local got pids=()
	for name in st-one 'st two'; do
		cp /bin/sleep "$work/$name"
		"$work/$name" 60 &
		pids+=($!)
	done
	sleep 0.2
	got=$(complete_words st | grep -E '^st(-one|\\ two)$' | sort | tr '\n' ' ')
	kill "${pids[@]}"
	equal 'st-one st\ two ' "$got"
}

completes_pids() {
	complete_words -p "$$" | grep -x $$
}

completes_no_numbers() {
	equal "" "$(complete_words -s '')"
}

# ---- Examples -----------------------------------------------------------------------------

parameters_exist() {
	cat "$top"/kmod/*.c | sed -n 's/^module_param[a-z_]*(\([a-z_]*\),.*/\1/p' | sort >"$work/wanted"
	sed -n 's/^#options sendtrace \([a-z_]*\)=.*/\1/p' "$top/packaging/examples/modprobe.d/sendtrace.conf" |
		sort >"$work/got"
	cat "$work/wanted"
	[ -s "$work/wanted" ] && same_lines "$work/wanted" "$work/got"
}

# ---- Variables of make --------------------------------------------------------------------

make_tree() {
	make -s -C "$work/tree" "$@"
}

honours_fortify() {
	make_tree user WERROR=1 "$1" && touch "$work"/tree/user/*/*.c
}

# Everything in one folder, and it is removed from there.
installs_below() {
	(cd "$work/tree" && make -s install DESTDIR=stage PREFIX=/usr) || return
	(cd "$work/tree/stage" && ls usr/sbin/sendread usr/include/linux/sendtrace.h "usr/src/sendtrace-$(version)/Kbuild") ||
		return
	find "$work/tree" -name stage -not -path "$work/tree/stage" | grep . && return 1
	make_tree uninstall DESTDIR=stage PREFIX=/usr && refuses find "$work/tree/stage/usr/sbin/sendread"
}

# ---- The spec file --------------------------------------------------------------------------

# Without what rpmbuild adds on its own; some versions compress man pages.
rpm_files() {
	rpm -qlp "$1" | grep -v '^/usr/share/\(doc\|licenses\)/\|^/usr/lib/.build-id' |
		sed 's/\.gz$//' | LC_ALL=C sort
}

# build_rpms FOLDER [OPTION...]
build_rpms() {
	rpmbuild -bb --nodeps --define "_topdir $work/rpm" --define "_sourcedir $top/build" "${@:2}" \
		"$top/build/sendtrace.spec" &&
		mv "$work"/rpm/RPMS/*/*.rpm "$1"
}

builds_rpms() {
	make -C "$top" --no-print-directory rpm-spec && build_rpms "$work"
}

# As on Fedora from 42 on.
builds_without_sbin() {
	mkdir "$work/merged" && build_rpms "$work/merged" --define "_sbindir /usr/bin" &&
		rpm_files "$work/merged/sendtrace-$(version)"-*.rpm | grep -x /usr/bin/sendread
}

rpmlint_finds_nothing() {
	(cd "$top" && rpmlint -r packaging/sendtrace.rpmlintrc build/sendtrace.spec "$work"/*.rpm) | tee "$work/found"
	grep -q ' 0 errors, 0 warnings' "$work/found"
}

reader_rpm_holds() {
	cat >"$work/wanted" <<-'EOF'
	/usr/lib/systemd/system/sendread@.service
	/usr/libexec/sendtrace
	/usr/libexec/sendtrace/sendread-service
	/usr/sbin/sendread
	/usr/share/bash-completion/completions/sendread
	/usr/share/man/man4/sendtrace.4
	/usr/share/man/man8/sendread.8
	EOF
	rpm_files "$work/sendtrace-$(version)"-*.rpm >"$work/got"
	same_lines "$work/wanted" "$work/got"
}

# The folder of libraries depends on the system.
library_rpms_hold() {
	echo '/libsendtrace.so.0' >"$work/wanted"
	rpm_files "$work/sendtrace-libs-$(version)"-*.rpm | sed "s|^$(rpm -E '%{_libdir}')||" >"$work/got"
	same_lines "$work/wanted" "$work/got" || return 1
	cat >"$work/wanted" <<-'EOF'
	/usr/include/linux/sendtrace.h
	/usr/include/linux/sendtrace_event.h
	/usr/include/sendtrace.h
	/usr/include/sendtrace_names.h
	/usr/include/sendtrace_tls.h
	LIBDIR/libsendtrace.a
	LIBDIR/libsendtrace.so
	LIBDIR/pkgconfig/libsendtrace.pc
	EOF
	rpm_files "$work/sendtrace-devel-$(version)"-*.rpm | sed "s|^$(rpm -E '%{_libdir}')|LIBDIR|" >"$work/got"
	same_lines "$work/wanted" "$work/got"
}

# Programs need only the library: its package must not ask for the headers.
devel_requires_libs() {
	rpm -qp --requires "$work/sendtrace-devel-$(version)"-*.rpm >"$work/devel"
	rpm -qp --requires "$work/sendtrace-libs-$(version)"-*.rpm >"$work/libs"
	cat "$work/devel" "$work/libs"
	grep "^sendtrace-libs.* = $(version)-1" "$work/devel" && refuses grep devel "$work/libs"
}

module_rpm_holds() {
	cd "$top"
	{
		echo
		printf '/%s\n' include include/sendtrace include/uapi include/uapi/linux kmod Kbuild Makefile dkms.conf \
			include/sendtrace/*.h include/uapi/linux/*.h kmod/*.[ch] kmod/*.mk
	} | sed "s|^|/usr/src/sendtrace-$(version)|" | LC_ALL=C sort >"$work/wanted"
	rpm_files "$work/sendtrace-dkms-$(version)"-*.noarch.rpm >"$work/got"
	same_lines "$work/wanted" "$work/got"
}

make -C "$top" --no-print-directory user >&2 || bail_out "sendread does not build"
point "the completion offers the options that sendread --help names" completes_options
point "... and the man page describes each of them" manual_has_options
point "the completion offers only the options that begin with the given letters" completes_prefix
point "... the names of running processes for COMM" completes_names
point "... their numbers for -p" completes_pids
point "... and nothing where a number is expected" completes_no_numbers
point "the example for modprobe.d has the module's parameters" parameters_exist
point "the unit's script, run by hand, tells to start the unit instead" \
	refuses_with "systemctl start sendread@COMM" "$top/packaging/sendread-service"
"$top/packaging/build" tree "$work/tree"
for level in 0 3; do
	point "the user's CPPFLAGS=-D_FORTIFY_SOURCE=$level is taken, without a warning" \
		honours_fortify CPPFLAGS=-D_FORTIFY_SOURCE=$level
done
point "... also in CFLAGS" honours_fortify CFLAGS="-O2 -Wp,-D_FORTIFY_SOURCE=3"
point "a relative DESTDIR is one folder, in the tree" installs_below
point "a relative PREFIX is refused" \
	refuses_with "expected an absolute path, not PREFIX=usr" make_tree install DESTDIR="$work" PREFIX=usr
point "rpmbuild builds all packages of the spec file" builds_rpms
point "... sendtrace holds the reader, its man pages, completion and unit" reader_rpm_holds
point "... sendtrace-libs holds the shared library, sendtrace-devel the rest for programs" library_rpms_hold
point "... and sendtrace-devel requires sendtrace-libs" devel_requires_libs
point "... sendtrace-dkms holds the module's sources" module_rpm_holds
point "... and rpmlint finds nothing" rpmlint_finds_nothing
point "rpmbuild also builds them where /usr/sbin is /usr/bin" builds_without_sbin
finish
