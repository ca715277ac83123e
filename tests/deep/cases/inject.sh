# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Faults on order, in each call from open to close.

# Quiet: what the kernel prints of each fault is told apart from a mistake by nobody.
faults_on() {
	for kind in failslab fail_page_alloc fail_usercopy; do
		[ -d $faults/$kind ] || { skip "the kernel has no $kind" && return 1; }
		echo 0 >$faults/$kind/verbose
		echo 0 >$faults/$kind/probability
	done
	# Those allocations that may wait, which are all of ours, and single pages too.
	echo N >$faults/failslab/ignore-gfp-wait
	echo N >$faults/fail_page_alloc/ignore-gfp-wait
	echo N >$faults/fail_page_alloc/ignore-gfp-highmem
	echo 0 >$faults/fail_page_alloc/min-order
}

# With few probe instances, as each is an allocation of its own; and a pool of works that
# is too small to be had from elsewhere if the first try fails.
inject() {
	faults_on || return
	load_with maxactive=3 works=2
	# What kmemleak and others print when they lack memory, they print under locks under
	# which the kernel of 6.1 cannot write to its console. It is in the log all the same.
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

scenario inject.begin "before the faults the module works, and nothing is leaked"
case_inject_begin() {
	trace_works
	leaks_begin
}

injects open "open fails cleanly at every place where it can"
injects info "INFO fails cleanly at every place where it can"
injects config "CONFIG fails cleanly at every place where it can"
injects filter "FILTER fails cleanly at every place, and leaves the old filter in force"
injects map_consumer "mapping the consumer's page fails cleanly at every place"
injects map_producer "mapping the producer's pages fails cleanly at every place"
injects map_then_read "after a mapping that failed, read() is still possible"
injects start "START fails cleanly at every place where it can, registering probes included"
injects start_again "START with the probes registered already fails cleanly at every place"
injects autostart "a read() that starts the session fails cleanly at every place"
[ "$(parameter deep no)" = no ] ||
	injects autostart_default "a read() that also allocates default rings fails cleanly"
injects poll "poll() fails cleanly at every place where it can"
injects read "read() fails cleanly at every place, and loses nothing"
injects stats "STATS fails cleanly at every place where it can"
injects stop "STOP does not fail"
injects close "close does not fail"
injects send "of a send that fails at any place, and of one that cannot be copied, the record is right"

scenario inject.end "after all the faults nothing is leaked, and the module comes and goes"
case_inject_end() {
	module_comes_and_goes
	leaks_end
}
