# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# Where the instructions go: perf's samples of the whole guest, as instructions per send; of
# untraced sends, and of the same with sendread.

group=profile
# shellcheck source=/dev/null
. "$test/peers.sh"
sizes=$(parameter sizes "128 16384")

# profile LABEL SIZE [OPTION...]: lines "# profile LABEL|SIZE|PROGRAM|WHERE|FUNCTION|INSTRUCTIONS"
profile() {
	label=$1 size=$2
	shift 2
	sends=$((2000000000 / (size + 8000)))
	# A prime, so that it is in step with nothing.
	chroot /peers perf record -q -a -e cpu-clock -c 49999 -o /tmp/perf.data -- \
		/tmp/bench "$@" -r 1 -n $sends "$size" $readers >/dev/null 2>error ||
		fail "perf record: $(cat error)"
	chroot /peers perf report -i /tmp/perf.data --stdio -g none -F sample,comm,dso,sym \
		--percent-limit 0 2>error >report || fail "perf report: $(cat error)"
	# Two rounds of sends, one to warm up.
	awk -v label="$label" -v size="$size" -v sends=$((2 * sends)) '
		/^#/ || NF < 5 { next }
		{ printf "# profile %s|%d|%s|%s|%s|%.1f\n", label, size, $2, $3, $NF, $1 * 49999 / sends }
	' report | head -n 90
	point "$label, $size bytes, is known by function"
}

enter_peers
mkdir -p /peers/usr/sbin
cp /usr/sbin/sendread /peers/usr/sbin
for at in $sizes; do
	profile untraced "$at"
done
load
start_text 1 bench
for at in $sizes; do
	profile text "$at"
	profile binary "$at" -x
done
stop_readers
unload
