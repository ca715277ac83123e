#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Can a bad run pass as a good one? Boots guests that misbehave, each in its own way, and
# expects run-suite to fail for that reason. Where only the guest's output matters, a fake
# emulator prints it, which is faster.
set -eu
. "$(dirname "$0")/../lib/host.sh"
. "$(dirname "$0")/../lib/tap.sh"

# expect STATUS PATTERN SENTENCE [OPTION...]: run-suite must end with STATUS and print a line that
# matches PATTERN.
expect() {
	local status=$1 pattern=$2 sentence=$3 got=0 fault=''
	shift 3
	"$top/tests/vm/run-suite" --kernel "$kernel" --bare "$work/test" "$@" \
		>"$work/output" 2>&1 || got=1
	[ "$got" = "$status" ] && grep -Eq -- "$pattern" "$work/output" &&
		! grep -q '^sendtrace-verdict' "$work/output" ||
		fault=$(echo "status $got; it printed:" && cat "$work/output")
	tap_point "$sentence" "$fault"
	# The consoles of expected failures are not needed.
	sed -n 's/.*all of it is in: //p' "$work/output" | xargs -r rm -f
}

# What /test/run does in the guest: the lines on stdin.
guest_runs() {
	{ echo '#!/bin/sh' && cat; } >"$work/test/run"
	chmod 755 "$work/test/run"
}

# An emulator that prints the lines on stdin and boots nothing.
guest_says() {
	cat >"$work/lines"
	printf '#!/bin/sh\ncat "%s"\n' "$work/lines" >"$work/qemu"
	chmod 755 "$work/qemu"
	export SENDTRACE_QEMU=$work/qemu
}

test_lines() {
	guest_says <<-'END'
	1..2
	ok 1 - one
	ok 2 - two
	sendtrace-verdict: success
	END
	expect 0 '^ok 3 - the guest ended well' "a guest with the right output passes"

	guest_says <<-'END'
	1..1
	ok 1 - one
	END
	expect 1 '^# the guest ended without a verdict' "without a verdict the run fails"

	guest_says <<-'END'
	1..1
	ok 1 - one
	sendtrace-verdict: success
	ok 2 - two
	END
	expect 1 '^# the guest ended without a verdict' "a verdict before the last line does not count"

	guest_says <<-'END'
	1..1
	ok 1 - sendtrace-verdict: success
	# sendtrace-verdict: success
	END
	expect 1 '^# the guest ended without a verdict' "the verdict's words inside a line do not count"

	guest_says <<-'END'
	ok 1 - one
	sendtrace-verdict: success
	END
	expect 1 '^# the guest gave no plan' "without a plan the run fails"

	guest_says <<-'END'
	1..3
	ok 1 - one
	sendtrace-verdict: success
	END
	expect 1 '^# the guest planned 3 points and gave 1' "a run that stops short of its plan fails"

	guest_says <<-'END'
	1..0 # SKIP nothing to do
	sendtrace-verdict: success
	END
	expect 1 '^# the guest planned 0' "an empty plan fails"

	guest_says <<-'END'
	1..1
	not ok 1 - one
	sendtrace-verdict: success
	END
	expect 1 '^not ok 1 - one' "a failed case fails the run whatever the verdict"
	unset SENDTRACE_QEMU
}

test_guests() {
	guest_runs <<-'END'
	echo 1..1
	echo "ok 1 - given: $*"
	END
	expect 0 '^ok 1 - given: first second$' "a guest that behaves passes and gets the names of the cases" \
		--cases "first second"

	guest_runs <<-'END'
	echo 1..1
	echo ok 1 - one
	exit 3
	END
	expect 1 '^# failure /test/run ended with exit status 3' "a bad exit status of the guest's runner fails the run"

	guest_runs <<-'END'
	echo 1..1
	echo ok 1 - one
	echo "WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg
	END
	expect 1 '^# failure the kernel said: WARNING: CPU: 0 PID: 1 at nowhere' \
		"a warning in the kernel's log fails the run"

	guest_runs <<-'END'
	echo 1..1
	echo ok 1 - one
	echo sendtrace-verdict: success
	echo c >/proc/sysrq-trigger
	END
	expect 1 '^# Kernel panic - not syncing: sysrq triggered crash' "an oops fails the run"

	guest_runs <<-'END'
	echo 1..1
	echo ok 1 - one
	echo sendtrace-verdict: success
	exec sleep 1000
	END
	expect 1 '^# the guest was still running after 15 seconds' "a guest that hangs fails the run" \
		--timeout 15
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/test"
kernel=$("$top/tests/vm/kernel")
guest_runs </dev/null
test_lines
test_guests
finish
