#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds the module for each kernel in tests/vm/kernels with the compiler that built the
# kernel, boots each kernel with the functional suite, and prints the results as TAP and, at
# the end, as a table.
set -eu
. "$(dirname "$0")/../lib/host.sh"
. "$(dirname "$0")/../lib/tap.sh"

usage() {
	cat <<-'END'
	Usage: kernels.t [OPTION...]     (or: prove [-v] tests/kernels/kernels.t)
	--kernel NAME       only this one (names: tests/vm/kernel --list); repeatable; default all
	--boot "NAME..."    boots only these, and builds for all kernels that Debian built
	--cases "A B"       runs only these cases
	--jobs N            how many guests run concurrently; default one per CPU
	END
}

# ---- One kernel, in a process of its own -----------------------------------------------

# Facts about a kernel are files in $work/NAME.
note() {
	echo "$2" >"$work/$name/$1"
}

noted() {
	cat "$work/$1/$2" 2>/dev/null || echo -
}

build_for() {
	local folder
	folder=$("$top/tests/vm/kernel" "$name") || return
	note folder "$folder"
	note release "$(cat "$folder/release")"
	note compiler "$(cat "$folder/compiler")"
	"$top/tests/vm/module" --strict "$folder" >/dev/null || return
	note build ok
}

is_booted() {
	[ -z "$boot" ] || [[ " $boot " == *" $name "* ]]
}

boot_it() {
	local status=0
	"$top/tests/functional/functional.t" --kernel "$(noted "$name" folder)" --cases "$cases" \
		--timeout "$timeout" >"$work/$name/tap" 2>"$work/$name/boot.log" || status=$?
	note passed "$(grep '^ok ' "$work/$name/tap" | grep -vc '# SKIP')"
	note skipped "$(grep -c '^ok .*# SKIP' "$work/$name/tap")"
	note failed "$(grep -c '^not ok ' "$work/$name/tap")"
	[ "$status" != 0 ] || note boot ok
}

try_kernel() {
	name=$1
	mkdir -p "$work/$name"
	build_for >"$work/$name/build.log" 2>&1 || return 0
	! is_booted || boot_it || :
}

# ---- The report ------------------------------------------------------------------------

build_fault() {
	[ "$(noted "$name" build)" != ok ] || return 0
	echo "failed:"
	tail -n 30 "$work/$name/build.log"
}

boot_fault() {
	[ "$(noted "$name" boot)" != ok ] || return 0
	echo "failed:"
	sed -n '/^not ok/,/^ok/{/^ok/!p}' "$work/$name/tap" | tail -n 100
	tail -n 5 "$work/$name/boot.log"
}

report_kernel() {
	name=$1
	tap_point "$name: the module builds for $(noted "$name" release) with $(noted "$name" compiler) and W=1, without a warning" \
		"$(build_fault)"
	[ "$(noted "$name" build)" = ok ] && is_booted || return 0
	tap_point "$name: boots, and all cases pass" "$(boot_fault)"
	sed -n 's/^ok [0-9]* - \(.*\) # SKIP \(.*\)/# skipped: \1: \2/p' "$work/$name/tap"
}

red_unless_ok() {
	case $(noted "$name" "$1") in
	ok) echo ok ;;
	*) echo "**failed**" ;;
	esac
}

table() {
	echo "| kernel | release | compiler | build | boot | passed | failed | skipped |"
	echo "|---|---|---|---|---|---|---|---|"
	for name in "${names[@]}"; do
		booted='not tried'
		! is_booted || booted=$(red_unless_ok boot)
		echo "| $name | $(noted "$name" release) | $(noted "$name" compiler) |" \
			"$(red_unless_ok build) | $booted | $(noted "$name" passed) |" \
			"$(noted "$name" failed) | $(noted "$name" skipped) |"
	done
}

names=() boot='' cases='' jobs=$(nproc)
# A guest has two emulated CPUs on half of a slow host; arm64 is slower still.
timeout=${SENDTRACE_VM_TIMEOUT:-2400}
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) names+=("$2") && shift ;;
	--boot) boot=$2 && shift ;;
	--cases) cases=$2 && shift ;;
	--jobs) jobs=$2 && shift ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done
mapfile -t known < <("$top/tests/vm/kernel" --list)
if [ ${#names[@]} = 0 ]; then
	for name in "${known[@]}"; do
		[[ $name == *-mainline && -n $boot && " $boot " != *" $name "* ]] || names+=("$name")
	done
fi
for name in "${names[@]}" $boot; do
	[[ " ${known[*]} " == *" $name "* ]] ||
		bail_out "expected the name of a kernel (tests/vm/kernel --list), not '$name'"
done
need vm
# Concurrent makes in one folder would disturb each other.
make -C "$top/user" --no-print-directory >&2
make -C "$top/tests/functional" --no-print-directory >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
running=0
for name in "${names[@]}"; do
	[ "$running" -lt "$jobs" ] || { wait -n || : && running=$((running - 1)); }
	say "$name"
	try_kernel "$name" &
	running=$((running + 1))
done
wait
for name in "${names[@]}"; do
	report_kernel "$name"
done
table | sed 's/^/# /'
finish
