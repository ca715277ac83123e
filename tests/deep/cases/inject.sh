# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Injected faults in each call from open to close, and in traced calls.

# Not verbose: what the kernel prints about an injected fault looks like a real one.
faults_on() {
	for kind in failslab fail_page_alloc fail_usercopy; do
		[ -d $faults/$kind ] || { skip "the kernel has no $kind" && return 1; }
		echo 0 >$faults/$kind/verbose
		echo 0 >$faults/$kind/probability
	done
	# Allocations that may wait, as all of ours may, fail, too; and so do single pages.
	echo N >$faults/failslab/ignore-gfp-wait
	echo N >$faults/fail_page_alloc/ignore-gfp-wait
	echo N >$faults/fail_page_alloc/ignore-gfp-highmem
	echo 0 >$faults/fail_page_alloc/min-order
}

# With few probe instances, since each is an allocation, and with few works. When one kind of
# call is made, none sleeps in another.
few="maxactive=1 works=2"

inject() {
	faults_on || return
	# shellcheck disable=SC2086 # words
	load_with $few
	# When kmemleak and others lack memory, they print while holding locks under which
	# kernel 6.1 cannot write to its console. The messages are in the log nevertheless.
	dmesg -n 1
	[ -z "$tamper" ] || export TAMPER=1
	program call inject "$1"
	[ ! -s call.want ] || tell call.want
	unset TAMPER
	dmesg -n 7
}

injects() {
	scenario "inject.$1" "$2"
	eval "case_inject_$1() { inject $1; }"
}

scenario inject.begin "before any fault the module works, and nothing is leaked"
case_inject_begin() {
	trace_works
	leaks_begin
}

injects open "open fails cleanly at every point where it can"
injects info "INFO fails cleanly at every point where it can"
injects config "CONFIG fails cleanly at every point where it can"
injects filter "FILTER fails cleanly at every point, and the old filter stays in force"
injects map_consumer "mapping the consumer's page fails cleanly at every point"
injects map_producer "mapping the producer's pages fails cleanly at every point"
injects map_then_read "after a failed mapping, read() still works"
injects start "START fails cleanly at points in the registration of each probe"
[ "$(parameter deep no)" = no ] ||
	injects start_all "START fails cleanly at every point where it can, including registering probes"
injects start_again "START with probes already registered fails cleanly at every point"
injects autostart "a read() that starts the session fails cleanly at every point"
[ "$(parameter deep no)" = no ] ||
	injects autostart_default "a read() that also allocates default rings fails cleanly"

# The pool is allocated by the first START since the module was loaded: so it is loaded each time.
scenario inject.pool "the first START fails cleanly at each point where the pool is allocated"
case_inject_pool() {
	faults_on || return
	dmesg -n 1
	[ -z "$tamper" ] || export TAMPER=1
	for point in 1 2 3 4 5 6 7; do
		# shellcheck disable=SC2086 # words
		load_with $few
		program first inject first $point
		tell first.want
		grep -o 'ENOMEM [01]' first.want >>results
	done
	unset TAMPER
	dmesg -n 7
	# How many differs: a large allocation that fails is often made another way.
	holds "START has failed for the pool's sake" grep -q 'ENOMEM 1' results
}

injects poll "poll() fails cleanly at every point where it can"
injects read "read() fails cleanly at every point, and loses nothing"
injects stats "STATS fails cleanly at every point where it can"
injects stop "STOP does not fail"
injects close "close does not fail"
injects tls "naming a function of a TLS library fails cleanly at every point where it can"
injects tls_running "naming one while the session runs fails cleanly at every point, and what was traced before still is"
injects tls_start "START of a session that has named such functions fails cleanly at every point where it can"
injects tls_filter "FILTER of such a session fails cleanly at every point, and its program is traced all the while"
injects tls_stop "STOP of such a session does not fail"
injects tls_call "a call of a TLS library that fails at any point is recorded right, or is missed, and counted"
injects send "the record is right for a send that fails at any point, and for one that cannot be copied"
injects ways "the records are right for calls of every way that fail at any point, and none is missing"

scenario inject.end "after all faults nothing is leaked, and the module can be unloaded and loaded"
case_inject_end() {
	module_comes_and_goes
	leaks_end
}
