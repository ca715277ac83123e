# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What one send costs, without and with sendtrace.

group=main
sizes=$(parameter sizes "16 128 1024 16384 1048576")

each_size alone untraced

insmod /modules/floor.ko || fail "floor.ko cannot be loaded"
each_size alone counting
rmmod floor

insmod /modules/floor.ko copy=1 || fail "floor.ko cannot be loaded"
each_size alone floor
rmmod floor

load
each_size alone idle

start_drop 1
each_size traced drop
stop_readers

start_text 1 bench
each_size traced text1
each_size binary binary1
stop_readers

# Many readers on one CPU look every 2 ms. How often they do so in a round depends on the
# scheduler and differs from round to round. So they are stopped during the sends.
sent_unread() {
	traced "$1" "$2" -c 1
}

for sessions in 4 16; do
	start_text $sessions bench
	each_size sent_unread text$sessions
	stop_readers
done

start_text 1 somebody
each_size refused nomatch
stop_readers
unload
