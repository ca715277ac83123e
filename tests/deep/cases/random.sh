# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Random calls on the device and on sockets.

scenario random.replay "the same seed gives the same calls, another seed gives others"
case_random_replay() {
	for run in 1.a 1.b 2.a; do
		"$test/build/random" "${run%.*}" dry >$run || fail "random dry"
	done
	holds "one seed gives the same calls twice" cmp -s 1.a 1.b
	refuses "two seeds give the same calls" cmp -s 1.a 2.a
}

# make_random_calls PART: deep.calls of each thread, or for deep.seconds; divided by PART
make_random_calls() {
	seed=$(parameter seed 1)
	seconds=$(parameter seconds 0)
	if [ "$seconds" != 0 ]; then
		set -- seconds $((seconds / $1 + 1))
	else
		set -- calls $(($(parameter calls 60) / $1))
	fi
	echo "# seed $seed, $*"
	start_calls senders random-sender 2 20000
	[ -z "$tamper" ] || export TAMPER=1
	program random random "$seed" "$@"
	unset TAMPER
	tell random.want
	stop_calls
}

# errnos_are_the_same CALLS: with a reader of all calls
errnos_are_the_same() {
	seed=$(parameter seed 1)
	echo "# seed $seed"
	start_reader random -e all random
	[ -z "$tamper" ] || export TAMPER=1
	program errnos random "$seed" errnos "$1"
	unset TAMPER
	tell errnos.want
	stop_reader random
	holds "the calls are traced" [ "$(lines random.out)" -gt $(($1 / 2)) ]
	rm random.out
}

scenario random.errnos "random calls by every way, with bad arguments, have the errno that they have without a trace"
case_random_errnos() {
	load_with maxactive=256
	if [ "$(parameter seconds 0)" != 0 ]; then
		errnos_are_the_same 5000
	else
		errnos_are_the_same 1500
	fi
}

scenario random.device "random calls from several processes and threads do no harm, and none to another reader"
case_random_device() {
	leaks_begin
	load_with maxactive=256
	start_reader other random-sender
	make_random_calls 1
	stop_reader other
	holds "the other reader has seen the senders" [ -s other.out ]
	refuses "the other reader has seen other processes" grep -qv '^pid=[0-9]* tid=[0-9]* comm=random-sender ' other.out
	rm other.out
	module_comes_and_goes
}

scenario random.tls "random names of functions, and sessions that come and go, harm no program that calls a TLS library"
case_random_tls() {
	load_with
	program has tls_storm uprobes
	[ ! -s skipped ] || return 0
	seed=$(parameter seed 1)
	seconds=$(parameter seconds 0)
	if [ "$seconds" != 0 ]; then
		set -- seconds $((seconds / 3 + 1))
	else
		set -- calls $(($(parameter calls 60) * 3))
	fi
	echo "# seed $seed, $*"
	start_calls tls_storm calls storm 2
	[ -z "$tamper" ] || export TAMPER=1
	start_program fuzz tls_storm fuzz "$seed" "$@"
	unset TAMPER
	open_gate fuzz
	# Meanwhile others trace that program, and see its calls.
	traces=0
	while ! is_gone "$program_fuzz" && [ ! -s failed ]; do
		traces=$((traces + 1))
		program trace tls_storm trace storm 7 returns
	done
	echo "# traced $traces times meanwhile"
	end_program fuzz
	tell fuzz.want
	stop_calls
	until_true "all sessions are closed" grep -q '^sessions 0$' $stats
}

# Probes are armed and disarmed as sessions start and stop; sometimes no instance is free.
scenario random.arming "random calls do no harm while probes are constantly registered and unregistered"
case_random_arming() {
	load_with maxactive=16
	make_random_calls 3
	until_true "all sessions are closed" grep -q '^sessions 0$' $stats
	module_comes_and_goes
	leaks_end
}
