# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Mixed traffic for a long time: memory must not grow.

# Memory of the kernel and of the readers, and how many KiB it may grow from the first third of
# the samples to the last. No cache explains more than that; slab includes KASAN's quarantine, so
# its limit is the highest.
soak_limits="slab:${SOAK_SLAB_KIB:-6144} vmalloc:512 percpu:512 rss_map:512 rss_read:512"

meminfo() {
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

rss_of() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

sample() {
	# shellcheck disable=SC2154 # set by start_reader
	echo "$(($(uptime_s) - begun)) $(meminfo SUnreclaim) $(meminfo VmallocUsed) $(meminfo Percpu)" \
		"$(reader_rss mapped) $(reader_rss read)"
}

# busybox's timeout becomes the program that it runs; other versions are its parent.
reader_rss() {
	eval "pid=\$pid_$1"
	[ "$(cat "/proc/$pid/comm")" = sendread ] || pid=$(pgrep -P "$pid")
	rss_of "$pid"
}

# Prints, for each column, the median of the last third minus that of the first.
trends() {
	awk '
		{ for (i = 2; i <= NF; i++) value[NR, i] = $i }
		function median(from, to, column, i, j, n, t, sorted) {
			n = 0
			for (i = from; i <= to; i++)
				sorted[++n] = value[i, column]
			for (i = 1; i < n; i++)
				for (j = i + 1; j <= n; j++)
					if (sorted[j] < sorted[i]) {
						t = sorted[i]; sorted[i] = sorted[j]; sorted[j] = t
					}
			return sorted[int((n + 1) / 2)]
		}
		END {
			third = int(NR / 3)
			for (i = 2; i <= NF; i++)
				printf "%d ", median(NR - third + 1, NR, i) - median(1, third, i)
		}' "$1"
}

check_trends() {
	# shellcheck disable=SC2046 # numbers
	set -- $(trends samples)
	equal "columns of the samples" $# 5
	[ $# = 5 ] || return
	for limit_of in $soak_limits; do
		echo "# ${limit_of%:*} grew by $1 KiB; ${limit_of#*:} KiB are allowed"
		holds "${limit_of%:*} grows by $1 KiB, more than ${limit_of#*:}" \
			[ "$1" -le "${limit_of#*:}" ]
		shift
	done
}

# Sessions, filters and readers that come and go.
disturb() {
	timeout -s KILL 60 sendread -q -c 50 . >/dev/null 2>&1
	timeout -s KILL 60 sendread -q --read -d 0.2 'so*' >/dev/null 2>&1
	timeout -s KILL 60 "$test/build/churn" many 1 >/dev/null 2>churn.err ||
		{ fail "churn failed" && show churn.err; }
}

scenario soak.traffic "the memory of module and reader does not grow under mixed traffic"
case_soak_traffic() {
	seconds=$(($(parameter minutes 2) * 60))
	echo "# $seconds seconds; KiB: seconds slab vmalloc percpu rss(mapped) rss(read)"
	leaks_begin
	mkfifo mapped.out read.out
	wc -l <mapped.out >mapped.lines &
	wc -l <read.out >read.lines &
	load_with maxactive=256
	start_reader mapped soak
	start_reader read --read -s 64 soak
	start_calls senders soak 4 10000
	disturb
	: >samples
	[ -z "$tamper" ] || soak_limits="slab:-1048576 vmalloc:0 percpu:0 rss_map:0 rss_read:0"
	begun=$(uptime_s)
	while [ $(($(uptime_s) - begun)) -lt "$seconds" ] && [ ! -s failed ]; do
		disturb
		sample >>samples
		[ $(($(lines samples) % (seconds / 300 + 1))) != 0 ] || tail -n 1 samples | tell /dev/stdin
	done
	stop_calls
	stop_reader mapped
	stop_reader read
	wait
	echo "# lines: $(cat mapped.lines) mapped, $(cat read.lines) read; $(grep -h captured mapped.err read.err | tr '\n' ';')"
	check_trends
	module_comes_and_goes
	leaks_end
}
