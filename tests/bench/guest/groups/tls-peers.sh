# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154,SC2086 # lists of ways
# What a call of a TLS library costs with each of the peers that show some; after tls, in the same
# boot.

group=tls
# shellcheck source=/dev/null
. "$test/peers.sh"
# shellcheck source=/dev/null
. "$test/with.sh"
sizes=$(parameter sizes "128")

enter_peers
busy=1000 script=tls
for call in $tls; do
	# The file that they have put their probes into.
	prefix=/tmp/bench
	few="-n 600 -b 100"
	with "bpftrace/$call" start_bpftrace ""
	stop_peer

	prefix=/tmp/bench
	# Its rings have 32 KiB.
	few="-n 600 -b 50 -w 50"
	with "sslsniff/$call" start_sslsniff
	stop_peer
done
call='' busy='' script=''
