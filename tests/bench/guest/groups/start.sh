# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What a session's start takes, depending on the calls that it records. Figures:
#
#	# figure start|CALLS|CPUS|INSTANCES|HOOKS|INSTRUCTIONS OF START|OF STOP|KIB
#	# figure start|tls_refused or tls_wanted|CPUS|PROCESSES|INSTRUCTIONS OF A PROBE
#	# figure start|tls_mapped|CPUS|TURN|MICROSECONDS
#
# With one instance of each hook, it is only what the kernel does for a probe.

group=start
# At most, in instructions of one CPU, and in KiB.
start_most=50000000
memory_most=8192
# For a probe in a TLS library, while the filter refuses all of these processes: a millisecond of a
# CPU that executes one instruction in a nanosecond; most are faster.
probe_most=1000000
processes=300
# From a program's dlopen() until all functions of a library that nobody had mapped have probes:
# microseconds.
mapped_most=20000

library_functions="SSL_write SSL_write_ex SSL_read SSL_read_ex SSL_sendfile SSL_free SSL_do_handshake"

mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
for instances in default one; do
	case $instances in
	default) load ;;
	one) load maxactive=1 ;;
	esac
	for chosen in two send recv all; do
		got=$("$test/build/start" $chosen 2>error) || fail "start: $(cat error)"
		# shellcheck disable=SC2086 # numbers
		set -- ${got:-0 0 0 0}
		echo "# figure $group|$chosen|$(nproc)|$instances|$1|$2|$3|$4"
		[ "$(nproc)" != 1 ] || [ "$2" -le $start_most ] || [ $chosen != all ] ||
			fail "START takes $2 instructions, at most $start_most are allowed"
		[ "$4" -le $memory_most ] || fail "START takes $4 KiB, at most $memory_most are allowed"
		point "$chosen: $1 hooks, $(nproc) CPUs, $instances: $2 instructions, stopped in $3; $4 KiB"
	done
	unload
done

load
for who in refused wanted; do
	got=$("$test/build/tls_start" $who $processes 2>error) || fail "tls_start: $(cat error)"
	echo "# figure $group|tls_$who|$(nproc)|$processes|${got:-0}"
	[ $who = wanted ] || [ "${got:-0}" -le $probe_most ] ||
		fail "a probe takes $got instructions, at most $probe_most are allowed"
	point "a probe in a TLS library that $processes $who processes map, $(nproc) CPUs: ${got:-?} instructions"
done
unload

# Each is another file, whose functions are looked for.
load
start_text 1 --tls tls_map
for turn in 1 2 3; do
	cp /tls/libssl.so.3 "libssl.so.3.$turn"
	got=$(LD_LIBRARY_PATH=/tls "$test/build/tls_map" "$PWD/libssl.so.3.$turn" $library_functions 2>error) ||
		fail "tls_map: $(cat error)"
	echo "# figure $group|tls_mapped|$(nproc)|$turn|${got:-0}"
	[ "${got:-0}" -le $mapped_most ] ||
		fail "the library is traced after $got µs, at most $mapped_most are allowed"
	point "a library that a program loads is traced, turn $turn, $(nproc) CPUs: after ${got:-?} µs"
done
stop_readers
unload
