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
run "$sendread" --device "$work" .
check "a directory is no device" exited 1
run "$sendread" --device /dev/null .
check "another device is not mistaken for sendtrace" exited 1
check "... which the message says" said "'/dev/null' is not the sendtrace device"
finish
