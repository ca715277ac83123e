# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Random calls on the device.

scenario random.replay "the same seed gives the same calls, another seed others"
case_random_replay() {
	for run in 1.a 1.b 2.a; do
		"$test/build/random" "${run%.*}" dry >$run || fail "random dry"
	done
	holds "the calls of one seed are the same twice" cmp -s 1.a 1.b
	refuses "the calls of two seeds are the same" cmp -s 1.a 2.a
}

# random_for SECONDS
random_for() {
	seed=$(parameter seed 1)
	echo "# seed $seed, $1 seconds"
	start_senders random-sender 2 20000
	[ -z "$tamper" ] || export TAMPER=1
	program random random "$seed" "$1"
	unset TAMPER
	tell random.want
	stop_senders
}

scenario random.device "random calls from several processes and threads do no harm, nor to another reader"
case_random_device() {
	leaks_begin
	load_with maxactive=256
	start_reader other random-sender
	random_for "$(parameter seconds 20)"
	stop_reader other
	holds "the other reader has seen the senders" [ -s other.out ]
	refuses "the other reader has seen others" grep -qv '^pid=[0-9]* tid=[0-9]* comm=random-sender ' other.out
	rm other.out
	module_comes_and_goes
}

# As the sessions come and go, so do the probes; and their pool runs dry now and then.
scenario random.arming "random calls do no harm while probes are registered and unregistered all the time"
case_random_arming() {
	load_with maxactive=16
	random_for $(($(parameter seconds 20) / 3 + 1))
	until_true "all sessions are closed" grep -q '^sessions 0$' $stats
	module_comes_and_goes
	leaks_end
}
