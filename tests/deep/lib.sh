# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with those who source this
#
# What the scripts that run this folder's cases have in common (tests/deep/*.t).

. "$(dirname "${BASH_SOURCE[0]}")/../lib/host.sh"
memory=1024
timeout=1800
kernel=
parameters=()
points=0
failed=0
# The options that a script takes, without their dashes, beside --kernel.
takes=

# deep_usage SCRIPT SYNOPSIS [LINE...]
deep_usage() {
	usage_text="Usage: $1 $2     (or: prove [-v] tests/deep/$1)"
	shift 2
	[ $# = 0 ] || usage_text+=$(printf '\n%s' "$@")
	usage_text+=$'\n--kernel DIR       the folder of a kernel, that of tests/vm/debug-kernel if not given'
}

# Options with a value become deep.NAME=VALUE on the guest's command line.
deep_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help) echo "$usage_text" && exit 0 ;;
		esac
		[ $# -gt 1 ] || { echo "expected a value after '$1'" >&2 && exit 2; }
		case $1 in
		--kernel) kernel=$2 ;;
		--*)
			[[ " $takes " == *" ${1#--} "* ]] || { echo "$usage_text" >&2 && exit 2; }
			parameters+=("deep.${1#--}=$2")
			;;
		*) echo "$usage_text" >&2 && exit 2 ;;
		esac
		shift 2
	done
}

deep_kernel() {
	[ -n "$kernel" ] || kernel=$("$top/tests/vm/debug-kernel") || {
		echo "Bail out! the debug kernel does not build"
		exit 1
	}
}

# deep_run CASES [RUN-SUITE'S OPTION...]
deep_run() {
	local cases=$1 begun=$SECONDS status=0
	shift
	deep_kernel
	"$top/tests/vm/run-suite" --suite "$top/tests/deep" --kernel "$kernel" --memory "$memory" \
		--timeout "$timeout" --cases "$cases" --append "${parameters[*]}" "$@" || status=$?
	echo "# took $((SECONDS - begun)) seconds"
	return $status
}

# ---- Several guests in one script ---------------------------------------------------

# guest KERNEL WHAT CASES [RUN-SUITE'S OPTION...]: KERNEL, unless --kernel was given, is
# "debian" or "debug"
guest() {
	local which=$1 given=$kernel work
	echo "# $2"
	shift 2
	work=$(mktemp)
	[ -n "$kernel" ] || [ "$which" = debug ] || kernel=$("$top/tests/vm/kernel") ||
		{ echo "Bail out! there is no kernel to boot" && exit 1; }
	set +e
	deep_run "$@" | tee "$work" | renumber
	[ "${PIPESTATUS[0]}" = 0 ] || failed=1
	set -e
	kernel=$given
	points=$((points + $(grep -cE '^(not )?ok ' "$work")))
	rm -f "$work"
}

guests_end() {
	echo "1..$points"
	exit "$failed"
}
