#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Data races: cases in which several threads meet in the module, on a kernel with KCSAN, which
# watches plain accesses for concurrent ones. It reports a race in the kernel's log, which
# fails the guest. Finally a race is planted, which must be reported.
set -eu
. "$(dirname "$0")/lib.sh"

takes="rounds seconds seed"
deep_usage races.t "[--rounds N] [--seconds S] [--seed N] [--kernel DIR]" \
	"--rounds N         how often 64 sessions are opened and closed; default 1" \
	"--seconds S        how long random calls are made; default 20" \
	"--seed N           seed of the random calls; default 1"
timeout=7200
deep_options --rounds 1 --seconds 20 "$@"
[ -n "$kernel" ] || kernel=$("$top/tests/vm/debug-kernel" --kcsan) ||
	bail_out "the kernel that looks for races does not build"
# By default KCSAN watches so few accesses for so short a time that a race would take days to find.
parameters+=(deep.small=yes kcsan.skip_watch=200 kcsan.udelay_task=200)

guest kcsan "concurrent readers, writers and control" \
	"device.filter_exchanged device.two_sessions flood.* maps.hostile* loss.readers order.mapped
	order.read tls.* tls_life.* tls_memory.* whole.bounds whole_absent.come_and_go whole_loss.overload" \
	--suite "$top/tests/functional"
guest kcsan "sessions that come and go, and random calls" \
	"races.* stress.sessions stress.tls_cycles churn.limit random.device random.arming random.tls"

# ---- Would a race be reported? -----------------------------------------------------------

# One CPU writes counters that others read: without WRITE_ONCE() that is a race.
plant_race() {
	mkdir -p "$copy/tests"
	cp -r "$top"/{kmod,include,user,Kbuild,Makefile,dkms.conf} "$copy"
	cp -r "$top"/tests/{need,lib,vm,guest,functional,deep} "$copy/tests"
	sed -i 's/^#define st_count(counter, n) .*/#define st_count(counter, n) ((counter) += (n))/' \
		"$copy/kmod/ring.h"
	! cmp -s "$copy/kmod/ring.h" "$top/kmod/ring.h"
}

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
is_reported() {
	local console result=0
	plant_race 2>"$copy/log" || return
	# It ends with the report: most often within seconds, but a hundred looks may see none.
	"$copy/tests/vm/run-suite" --suite "$copy/tests/deep" --kernel "$kernel" --memory "$memory" \
		--timeout 1800 --cases races.counters --append "${parameters[*]} deep.looks=2000" \
		>"$copy/log" 2>&1 &&
		return 1
	console=$(sed -n 's/.*all of it is in: //p' "$copy/log")
	grep -q 'BUG: KCSAN: data-race in .*st_counters_add' "$console" || result=1
	rm -f "$console"
	return $result
}

fault=
is_reported || fault=$(echo "it was not reported; the guest's output:" && tail -n 40 "$copy/log")
tap_point "a race planted in kmod/ring.h is reported" "$fault"
finish
