#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What bash completes behind sendread.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

# offered WORD...: the words that bash offers in the place of the last one
offered() {
	# shellcheck disable=SC2016 # expanded by bash
	run bash -c '. "$1" && shift && compopt() { :; } && COMP_WORDS=("$@") &&
		COMP_CWORD=$(($# - 1)) && _sendread "$1" && echo "${COMPREPLY[*]}"' \
		bash "$here/../../packaging/completions/sendread" "$sendread" "$@"
}

offered --ev
check "an option is completed" printed --events
offered -e rec
check "so is a kind of call" printed "recv recvfrom recvmsg recvmmsg"
offered --events 'send,!wr'
check "... in a list, behind what stands there" printed 'send,!write send,!writev'
offered -e ''
check "all kinds are offered where nothing was typed" grep -q "^send recv accept .* shutdown SSL_write .* mbedtls_ssl_read$" "$work/out"
offered -e foo
check "a name that is none has no completion" printed ""
finish
