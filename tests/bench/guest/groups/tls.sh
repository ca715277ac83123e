# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154,SC2086 # lists of ways
# What a call of a TLS library costs: untraced, with bare probes, and with sendtrace.

group=tls
sizes=$(parameter sizes "128")

ways alone untraced SSL_write
many ways alone untraced SSL_quiet
load_tls_floor
ways probed probes $tls
rmmod floor_tls

load
start_text 1 --tls bench
ways traced tls1 $tls
stop_readers

# The system call inside passes a hook.
inside_seen() {
	checked hits 'captured|lost_.*' "$@"
}

start_text 1 --tls somebody
ways inside_seen nomatch SSL_write
many ways unseen nomatch SSL_quiet
stop_readers
unload
