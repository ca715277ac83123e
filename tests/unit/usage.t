#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every wrong option gets one clear sentence on stderr and exit status 2.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

one_sentence_and_status_2() {
	exited 2 && printed_lines 0 && [ "$(wc -l <"$work/err")" -eq 1 ] &&
		grep -q "^sendread: .*expected" "$work/err"
}

not_said() {
	! said "$@"
}

# wrong QUOTED ARGUMENT...
wrong() {
	quoted=$1
	shift
	run "$sendread" "$@"
	check "'sendread $*' gets one sentence and exit status 2" one_sentence_and_status_2
	check "... which quotes $quoted" said "$quoted"
}

wrong "'.'"
wrong "COMM" -q
wrong "'-x'" -x mysqld
wrong "'--frobnicate'" --frobnicate mysqld
wrong "'--quiet=yes'" --quiet=yes mysqld
wrong "'-c'" mysqld -c
wrong "'--count'" mysqld --count
wrong "'0'" -c 0 mysqld
wrong "'x'" -c x mysqld
wrong "'-1'" -c -1 mysqld
wrong "'99999999999999999999'" -c 99999999999999999999 mysqld
wrong "'0'" -s 0 mysqld
wrong "'64k'" -s 64k mysqld
wrong "'67108865'" --snaplen=67108865 mysqld
wrong "'0'" -B 0 mysqld
wrong "'8M'" -B 8M mysqld
wrong "'4194304'" --buffer-size 4194304 mysqld
wrong "'0'" -d 0 mysqld
wrong "'soon'" -d soon mysqld
wrong "'-5'" --duration=-5 mysqld
wrong "'0'" --sort=0 mysqld
wrong "'100us'" --sort=100us mysqld
wrong "'3601s'" --sort=3601s mysqld
wrong "--sort" --device /dev/null --sort mysqld
wrong "'--sort=100ms'" --device /dev/null --sort mysqld
wrong "'foo'" -e foo mysqld
wrong "'recve'" --events=send,recve mysqld
wrong "''" -e send, mysqld
wrong "leaves nothing" -e '!send' mysqld
wrong "'-e'" mysqld -e
wrong "'mysqld'" -p mysqld
wrong "'1,'" -p 1,
wrong "'0'" --pid 0
wrong "''" --device "" mysqld
wrong "''" ""
wrong "'my[sql'" 'my[sql'
wrong "'my\\'" "my\\"
wrong "at most 63" "$(printf '%064d' 0)"
# shellcheck disable=SC2046 # 33 names
wrong "'33'" $(seq 33)
wrong "'33'" -p "$(seq -s , 33)"
run "$sendread" --pid "$(printf 'x\ny\033')"
check "quoted text cannot break the line or steer a terminal" one_sentence_and_status_2
check "... and is still quoted" said "'x?y?'"
run "$sendread" --pid "$(printf 'caf\303\251 \302\233x\233y')"
check "... nor can the control characters of Latin-1" said "$(printf "'caf\303\251 ??x?y'")"

"$make_stream" send >"$work/stream"
wrong "stream'" --device "$work/stream" mysqld

run "$sendread" --help
check "the usage goes to stdout" grep -q "^Usage: sendread" "$work/out"
check "... with exit status 0" exited 0
check "... and nothing on stderr" said_nothing
run "$sendread" --version
check "the version goes to stdout" grep -q "^sendread 1\.2\.3 (ABI 1)$" "$work/out"
check "... with exit status 0" exited 0

run "$sendread" --device "$work/nothing" .
check "a device that is not there is an error with exit status 1" exited 1
check "... which quotes it" said "nothing'"
path=$work$(printf '/%099d' $(seq 30))
run "$sendread" --device "$path" .
check "a path of 3,000 characters is quoted" said "cannot open '$path': "
check "... and the reason stands behind it" said "': No such file or directory; expected the device or"
run "$sendread" --device "$path$path" .
check "a path that is too long for any file loses its middle" said "..."
check "... and not the reason" said "': File name too long; expected the device or"
run "$sendread" --device "$work" .
check "a directory is no device" exited 1
run "$sendread" --device /dev/null .
check "another device is not mistaken for sendtrace" exited 1
check "... which the message says" said "'/dev/null' is not the sendtrace device"
# UNAME26: every kernel calls itself 2.6.
run setarch --uname-2.6 "$sendread" --no-load -d 1 .
check "where there is no device, a kernel that is not supported is named" said "kernel '2.6."
check "... with the versions that are" said "sendtrace 1.2.3 supports Linux 5.10 to 7.3"
# A line of modprobe.d is enough for modprobe to know the module.
known_module() {
	unshare -rm sh -c 'mount -t tmpfs none /etc/modprobe.d && cd /etc/modprobe.d &&
		echo "install sendtrace /bin/false" >known.conf && exec "$@"' - "$@"
}
if known_module true 2>/dev/null; then
	run known_module setarch --uname-2.6 "$sendread" --no-load -d 1 .
	check "... but not if it has a module: then that is to be loaded" \
		said "load the module with 'modprobe sendtrace' (sendread does not load it"
	check "... and nothing is said of kernels" not_said "supports Linux"
else
	echo "# no mount namespace: a module for a kernel that is not supported is not tried"
fi
# Without a terminal, /dev/tty fails with ENXIO, as the device does without its module.
run setsid "$sendread" --device /dev/tty .
check "a device that cannot be opened is an error" exited 1
check "... which the message names" said "cannot open '/dev/tty': No such device or address"
check "... without advice on the module" not_said modprobe
finish
