# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154,SC2086 # lists of ways
# What each way of sending and receiving costs, without and with sendtrace.

group=ways
sizes=$(parameter sizes "16 128 16384")

ways alone untraced $sends $receives unconnected
# A stream passes one hook, a datagram of UDP two.
way_of alone untraced stream 128
load
start_text 1 bench
ways traced text1 $sends
stop_readers
start_text 1 -e recv bench
ways traced text1 $receives unconnected
way_of traced text1 stream 128
stop_readers

# Sends and receives recorded by the same session; the sends of what is received, too, are
# then recorded, but not measured.
start_text 1 -e all bench
with=-f
ways traced all $sends $receives
with=
stop_readers

start_text 1 somebody
ways refused nomatch $sends
stop_readers
start_text 1 -e recv somebody
ways refused nomatch $receives unconnected
stop_readers
unload
