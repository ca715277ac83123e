#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the functional cases (tests/vm/guest) in a virtual machine and passes on what
# they say. A last point of our own says whether the guest ended well: it fails unless
# the guest's init wrote its verdict, which it does after it has looked through the
# kernel's log (tests/vm/init.c).
set -eu
. "$(dirname "$0")/../lib/host.sh"

usage() {
	cat <<-'END'
	Usage: functional.t [OPTION...]     (or: prove [-v] tests/vm/functional.t)
	--cases "A B"       run these only
	--kernel NAME       Debian's kernel (tests/vm/kernels), 6.1 if not given; or a folder
	--timeout SECONDS   how long the guest may take; 900, or $SENDTRACE_VM_TIMEOUT
	--memory MIB        the guest's; 1024 if not given
	--append "A=B C"    more for the kernel's command line
	--suite FOLDER      another suite than tests/vm/guest, of the same kind
	--sendtrace FILE    load this module instead of building one
	--sendread FILE     and run this reader
	--bare FOLDER       run FOLDER/run in the guest, without sendtrace; with the kernel's
	                    modules that FOLDER/modules names, and FOLDER/init if there is one
	--disk FILE         a disk for the guest, read-only
	--cpus N, --cpu MODEL, --count, --parallel   as boot has them
	--copy FILE:PATH    puts FILE into the guest as well; repeatable
	--overlay FILE      another initial file system, unpacked over the guest's
	END
}

bail_out() {
	echo "Bail out! $*"
	exit 1
}

build_here() {
	[ -n "$sendread" ] || make -C "$top/user" --no-print-directory >&2 || bail_out "sendread does not build"
	make -C "$suite" --no-print-directory >&2 || bail_out "the guest's programs do not build"
	programs=(--sendread "${sendread:-$top/user/sendread}" --copy "$suite:/test")
}

build_foreign() {
	foreign=$("$top/tests/vm/foreign" "$kernel" "$suite") || bail_out "the guest's programs do not build"
	programs=(--foreign "$foreign" --sendread "$foreign/sendread" --copy "$foreign/suite:/test")
	init=$foreign/init
}

build_modules() {
	local inline
	[ -z "$sendtrace" ] || { programs+=(--sendtrace "$sendtrace") && return; }
	sendtrace=$("$top/tests/vm/module" "$kernel") || bail_out "sendtrace.ko does not build"
	inline=$("$top/tests/vm/module" --inline "$kernel") || bail_out "sendtrace.ko without task_work does not build"
	programs+=(--sendtrace "$sendtrace" --copy "$inline:/modules/sendtrace-inline.ko")
}

# Everything that is built says what it does on stderr.
build_initramfs() {
	local programs=() init=$work/init

	gcc -O2 -Wall -static -o "$init" "$top/tests/vm/init.c" || bail_out "init.c does not compile"
	if [ -n "$bare" ]; then
		programs=(--copy "$bare:/test" --modules "$bare/modules")
		[ ! -e "$bare/init" ] || init=$bare/init
	else
		case $(cat "$kernel/arch" 2>/dev/null) in
		arm64) build_foreign ;;
		*) build_here ;;
		esac
		build_modules
		programs+=(--modules "$suite/modules")
	fi
	"$top/tests/vm/initramfs" --kernel "$kernel" --init "$init" "${programs[@]}" \
		"${copies[@]}" "$work/initrd" || bail_out "the initial file system cannot be packed"
	[ -z "$overlay" ] || cat "$overlay" >>"$work/initrd"
}

# The guest's TAP, seen by prove as ours: all but its plan, which has to fit, and the
# verdict, which has to be the last line.
relay() {
	local line plan='' points=0 failed=0 verdict=''

	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		1..[0-9]*) plan=${line#1..} && continue ;;
		"sendtrace-verdict: "*) verdict=${line#*: } && continue ;;
		"Bail out!"*) failed=$((failed + 1)) ;;
		"not ok"*" # TODO"*) points=$((points + 1)) ;;
		"not ok"*) points=$((points + 1)) && failed=$((failed + 1)) ;;
		"ok "*) points=$((points + 1)) ;;
		'') continue ;;
		esac
		verdict=
		printf '%s\n' "$line"
	done
	echo "points=$points failed=$failed plan='$plan'" >"$work/result"
	printf '%s\n' "$verdict" >"$work/verdict"
}

# Why the run as a whole is not to be trusted; nothing if it is.
find_fault() {
	local verdict
	verdict=$(cat "$work/verdict")
	# A panic ends the emulator like a shutdown: only the console knows.
	if grep -q 'Kernel panic' "$console"; then
		grep -m 1 -o 'Kernel panic.*' "$console" | tr -d '\r'
	elif [ "$status" = 124 ]; then
		echo "the guest was still running after $timeout seconds"
	elif [ "$verdict" != success ]; then
		echo "${verdict:-the guest ended without a verdict}"
	elif [ "$status" != 0 ]; then
		echo "the emulator ended with exit status $status"
	elif [ -z "$plan" ]; then
		echo "the guest gave no plan"
	elif [ "${plan%% *}" != "$points" ] || [ "$points" = 0 ]; then
		echo "the guest planned $plan points and gave $points"
	fi
}

# The last point, the plan, and what one needs to look into a failure.
conclude() {
	local fault points failed plan number
	# shellcheck disable=SC1091 # written by relay()
	. "$work/result"
	fault=$(find_fault)
	number=$((points + 1))
	if [ -z "$fault" ]; then
		echo "ok $number - the guest ended well and its kernel log is clean"
	else
		echo "not ok $number - the guest ended well and its kernel log is clean"
		echo "# $fault"
	fi
	echo "1..$number"
	[ -n "$fault" ] || [ "$failed" != 0 ] || return 0
	keep_console=yes
	sed 's/\r$//; s/^/#   /' "$console" | tail -n 40
	echo "# That was the end of the guest's console; the whole of it: $console"
	return 1
}

clean_up() {
	rm -rf "$work"
	[ -n "$keep_console" ] || rm -f "$console"
}

series=6.1 cases='' bare='' timeout=${SENDTRACE_VM_TIMEOUT:-900} keep_console=''
suite=$top/tests/vm/guest memory=1024 append='' sendtrace='' sendread='' disk=() overlay=''
machine=()
copies=()
while [ $# -gt 0 ]; do
	case $1 in
	--cases) cases=$2 && shift ;;
	--kernel) series=$2 && shift ;;
	--timeout) timeout=$2 && shift ;;
	--memory) memory=$2 && shift ;;
	--append) append=$2 && shift ;;
	--sendtrace) sendtrace=$2 && shift ;;
	--sendread) sendread=$2 && shift ;;
	--disk) disk=(--disk "$2") && shift ;;
	--suite) suite=$(cd "$2" && pwd) && shift ;;
	--cpus | --cpu) machine+=("$1" "$2") && shift ;;
	--count | --parallel) machine+=("$1") ;;
	--copy) copies+=(--copy "$2") && shift ;;
	--overlay) overlay=$2 && shift ;;
	--bare) bare=$(cd "$2" && pwd) && shift ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done
# shellcheck disable=SC2046 # the names of packages are words
need vm $(cat "$top/tests/vm/guest/packages") || bail_out "packages are missing"
mkdir -p "$cache/log"
work=$(mktemp -d)
console=$(mktemp "$cache/log/functional.XXXXXX.log")
trap clean_up EXIT
kernel=$series
[ -d "$kernel" ] || kernel=$("$top/tests/vm/kernel" "$series") || bail_out "there is no kernel to boot"
build_initramfs
set +e
# Debian's kernels have x32 calls, but switched off.
# shellcheck disable=SC2086 # arguments and the names of cases are words
"$top/tests/vm/boot" --kernel "$kernel" --initrd "$work/initrd" --console "$console" \
	--timeout "$timeout" --memory "$memory" "${disk[@]}" "${machine[@]}" syscall.x32=y $append \
	${cases:+-- $cases} | relay
status=${PIPESTATUS[0]}
set -e
conclude
