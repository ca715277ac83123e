# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# How the cost grows: with the payload, the sessions, the patterns, the sleeping threads.

# at_x GROUP X COMMAND...: one figure of the group; X is what it varies
at_x() {
	group=$1 x=$2
	shift 2
	"$@"
	x=
}

payload_sizes="16 128 1024 4096 16384 65536 262144 1048576"
for size_now in $payload_sizes; do
	at_x payload "$size_now" alone untraced "$size_now"
done
load
start_text 1 bench
for size_now in $payload_sizes; do
	at_x payload "$size_now" traced text1 "$size_now"
done
stop_readers

at_x sessions 1 alone untraced 128
for sessions in 1 2 4 8 16 32 64; do
	start_drop $sessions
	at_x sessions $sessions traced drop 128
	stop_readers
done

# Names other than the program's, as long as names can be.
at_x patterns 1 alone untraced 128
names=
for patterns in $(seq 32); do
	names="$names somebody$patterns"
	case $patterns in 1 | 2 | 4 | 8 | 16 | 32) ;; *) continue ;; esac
	# shellcheck disable=SC2086
	start_text 1 $names
	at_x patterns "$patterns" refused names 128
	stop_readers
	set -f
	# shellcheck disable=SC2046
	start_text 1 $(echo "$names" | sed 's/somebody/*body/g')
	set +f
	at_x patterns "$patterns" refused globs 128
	stop_readers
done

# At most as many threads as there are probe instances for one user by default (three quarters of
# maxactive).
start_text 1 bench
for threads in 1 16 256 1024 3000; do
	at_x blocked $threads traced text1 128 -t $threads
done
stop_readers
unload
for threads in 1 3000; do
	at_x blocked $threads alone untraced 128 -t $threads
done
