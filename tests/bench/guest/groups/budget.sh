# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154,SC2086 # lists of ways
# What the budgets limit (tests/bench/budgets, tests/bench/limits), measured as in main and ways.

group=budget
sizes="16 128 16384"
rounds=2

ways alone untraced $sends $receives
# A stream passes one hook, a datagram of UDP two.
way_of alone untraced stream 128
load
each_size alone idle

start_text 1 bench
ways traced text1 $sends
each_size binary binary1
stop_readers
start_text 1 -e recv bench
ways traced text1 $receives
way_of traced text1 stream 128
stop_readers

start_text 1 somebody
each_size refused nomatch
sizes=128
ways refused nomatch sendmsg write
stop_readers
start_text 1 -e recv somebody
ways refused nomatch $receives
stop_readers

# What is not asked for, and files.
start_text 1 -e write bench
ways unseen unasked sendto sendmsg $receives
stop_readers
start_text 1 -e sendto bench
ways unseen unasked write
stop_readers
start_text 1 -e all bench
ways unseen armed file
stop_readers

# Calls of a TLS library.
start_text 1 --tls bench
ways traced tls1 $tls
# A thread that is in no such call.
ways refused notls write read
stop_readers
start_text 1 --tls somebody
many ways unseen nomatch SSL_quiet
stop_readers
unload
ways alone untraced file SSL_write
many ways alone untraced SSL_quiet
load_tls_floor
ways probed probes $tls
rmmod floor_tls
