# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with those who source this
#
# What this folder's drivers (*.t) share: options, kernels, guests.

. "$(dirname "${BASH_SOURCE[0]}")/../lib/host.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
deep=$top/tests/deep
memory=1024
timeout=1800
kernel=
parameters=()
# The options that a driver takes besides --kernel, without their dashes.
takes=

# deep_usage SCRIPT SYNOPSIS [LINE...]
deep_usage() {
	usage_text="Usage: $1 $2     (or: prove [-v] tests/deep/$1)"
	shift 2
	[ $# = 0 ] || usage_text+=$(printf '\n%s' "$@")
	usage_text+=$'\n--kernel DIR       the folder of a kernel; default: that of tests/vm/debug-kernel'
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
	[ -n "$kernel" ] || kernel=$("$top/tests/vm/debug-kernel") || bail_out "the debug kernel does not build"
}

# deep_run CASES [RUN-SUITE'S OPTION...]
deep_run() {
	local cases=$1 begun=$SECONDS status=0
	shift
	deep_kernel
	"$top/tests/vm/run-suite" --suite "$deep" --kernel "$kernel" --memory "$memory" \
		--timeout "$timeout" --cases "$cases" --append "${parameters[*]}" "$@" || status=$?
	echo "# took $((SECONDS - begun)) seconds"
	return $status
}

# ---- Several guests in one driver ---------------------------------------------------

# guest KERNEL WHAT CASES [RUN-SUITE'S OPTION...]: KERNEL is "debian" or "debug"; --kernel
# overrides it
guest() {
	local which=$1 given=$kernel output
	echo "# $2"
	shift 2
	[ -n "$kernel" ] || [ "$which" = debug ] || kernel=$("$top/tests/vm/kernel") ||
		bail_out "there is no kernel to boot"
	deep_kernel
	output=$(mktemp)
	relay_points "$output" deep_run "$@"
	rm -f "$output"
	kernel=$given
}
