#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Data races: whatever has several threads meet in the module, on the kernel whose
# sanitizer watches each plain access for another one at the same time (KCSAN). A report is
# a line of the kernel's log, which fails the guest. At last the same with a race planted,
# which has to be reported.
set -eu
. "$(dirname "$0")/lib.sh"

takes="rounds seconds"
deep_usage races.t "[--rounds N] [--seconds S] [--kernel DIR]" \
	"--rounds N         of 64 sessions opened and closed; 1 if not given" \
	"--seconds S        of random calls, 20 if not given"
timeout=7200
deep_options --rounds 1 --seconds 20 "$@"
[ -n "$kernel" ] || kernel=$("$top/tests/vm/debug-kernel" --kcsan) || {
	echo "Bail out! the kernel that looks for races does not build"
	exit 1
}
# Of all the accesses, so few would be watched for so short that it took days.
parameters+=(deep.small=yes kcsan.skip_watch=200 kcsan.udelay_task=200)

guest kcsan "readers, writers and control at the same time" \
	"device.filter_exchanged device.two_sessions flood.* maps.hostile* loss.readers order.mapped
	order.read whole.bounds whole_absent.come_and_go whole_loss.overload" \
	--suite "$top/tests/functional"
guest kcsan "sessions that come and go, and random calls" \
	"races.* stress.sessions churn.limit random.device random.arming"

# ---- Would it be reported? ---------------------------------------------------------------

# Counters are written by one CPU and read by others: without WRITE_ONCE() that is a race.
plant_race() {
	mkdir -p "$copy/tests"
	cp -r "$top"/{kmod,include,user,Kbuild,Makefile,dkms.conf} "$copy"
	cp -r "$top"/tests/{need,lib,vm,guest,deep} "$copy/tests"
	sed -i 's/^#define st_count(counter, n) .*/#define st_count(counter, n) ((counter) += (n))/' \
		"$copy/kmod/ring.h"
	! cmp -s "$copy/kmod/ring.h" "$top/kmod/ring.h"
}

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
points=$((points + 1))
sentence="a race that was planted in kmod/ring.h is reported"
is_reported() {
	local console result=0
	plant_race || return
	"$copy/tests/vm/run-suite" --suite "$copy/tests/deep" --kernel "$kernel" --memory "$memory" \
		--timeout 1800 --cases races.counters --append "${parameters[*]}" >"$copy/log" 2>&1 &&
		return 1
	console=$(sed -n 's/.*the whole of it: //p' "$copy/log")
	grep -q 'BUG: KCSAN: data-race in .*st_counters_add' "$console" || result=1
	rm -f "$console"
	return $result
}

if is_reported; then
	echo "ok $points - $sentence"
else
	failed=1
	echo "not ok $points - $sentence"
	tail -n 40 "$copy/log" | sed 's/^/#   /'
fi
guests_end
