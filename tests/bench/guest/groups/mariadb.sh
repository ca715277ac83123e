# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# How many queries per second a MariaDB server answers, and how fast, without and with a
# reader: sysbench's loads over TCP, on the same two CPUs as the server. The system on
# the disk is that of tests/demo/mariadb/image.
#
#	# figure mariadb|WHO|LOAD|QUERIES/S|MEDIAN|99TH PERCENTILE, MS|PER CENT SHOWN

group=mariadb
# shellcheck source=/dev/null
. "$test/peers.sh"
loads="oltp_point_select oltp_read_only"
threads=4

# As many transactions as an emulator completes in half a minute.
events_of() {
	case $1 in
	oltp_point_select) echo 5000 ;;
	*) echo 300 ;;
	esac
}

# inside COMMAND...: runs it in the system on the disk
inside() {
	env PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot /debian "$@"
}

start_server() {
	[ -b /dev/vda ] || modprobe virtio_blk
	[ -b /dev/vda ] || { fail "there is no disk with MariaDB" && return; }
	/mariadb/enter /bin/true || fail "the system on the disk cannot be entered"
	inside /test/server 2>error || fail "$(cat error)"
	inside mariadb -e "CREATE DATABASE sbtest; CREATE USER sb IDENTIFIED BY 'sb';
		GRANT ALL ON sbtest.* TO sb" 2>error || fail "$(cat error)"
}

# sysbench_of LOAD COMMAND [OPTION...]
sysbench_of() {
	of=$1 command=$2
	shift 2
	inside timeout -s KILL 120 sysbench --db-driver=mysql --mysql-host=127.0.0.1 --mysql-user=sb \
		--mysql-password=sb --table-size=2000 --threads=$threads --rand-seed=1 "$@" \
		"$of" "$command" >said.sysbench 2>&1 || fail "sysbench: $(tail -n 5 said.sysbench | tr "\n" ";")"
}

# Prints from sysbench's output: queries per second, the median and the 99th percentile in ms,
# and the number of queries. The median is where half of its histogram has been passed.
digest() {
	awk '
		$2 ~ /^\|/ { value[++n] = $1; count[n] = $NF; all += $NF }
		$1 == "queries:" { queries = $2; rate = substr($3, 2) }
		$1 == "99th" { late = $NF }
		END {
			for (i = 1; i <= n && 2 * sum < all; i++) sum += count[i]
			if (!(rate > 0 && all > 0 && late > 0)) exit 1
			print rate, value[i - 1], late, queries
		}' said.sysbench
}

lines_shown() {
	[ -z "$shown" ] || wc -l <"$shown"
}

# Late lines, and lines that a reader keeps back, are few of so many.
loaded() {
	for load in $loads; do
		before=$(lines_shown)
		sysbench_of "$load" run --time=0 "--events=$(events_of "$load")" --percentile=99 --histogram=on
		sleep 5
		figure=$(digest) || fail "sysbench said: $(tail -n 30 said.sysbench | tr "\n" ";")"
		# shellcheck disable=SC2086
		set -- ${figure:-0 0 0 1}
		part=$([ -z "$shown" ] || echo $((($(lines_shown) - before) * 100 / ${4:-1})))
		echo "# figure mariadb|$label|$load|$1|$2|$3|$part"
		[ "$label" != sendtrace ] || [ "${part:-0}" -ge 100 ] ||
			fail "it showed $part % of the answers to $load"
	done
}

# watched LABEL START...
watched() {
	label=$1 shown=$work/answers
	shift
	: >said.peer
	"$@"
	if [ -n "$fault" ]; then
		note "$label" "" "absent: $fault"
		skip "MariaDB under $label" "$fault"
	else
		loaded
		point "MariaDB under $label"
	fi
	shown=
}

watched_by_sendtrace() {
	load
	sendread mysqld >"$shown" 2>said.1 &
	readers=$!
	wait_listening said.1
	[ -z "$fault" ] || { point "sendread mysqld" && return; }
	lost_before=$(lost)
	loaded
	[ "$(lost)" = "$lost_before" ] || fail "$(($(lost) - lost_before)) events were lost"
	point "MariaDB under sendtrace, all of its answers shown"
	stop_readers
	unload
}

measure_mariadb() {
	label=untraced
	loaded
	point "MariaDB, untraced"
	label=sendtrace shown=$work/answers
	watched_by_sendtrace
	whom=mysqld
	watched bpftrace start_bpftrace ""
	stop_peer
	watched sysdig start_sysdig
	stop_peer
	[ ! -d /sys/module/scap ] || rmmod scap
	whom=
	label=untraced-again
	loaded
	point "MariaDB, untraced once more"
}

[ -d /peers/proc/1 ] || enter_peers
start_server
[ -n "$fault" ] || sysbench_of oltp_read_only prepare
if [ -z "$fault" ]; then
	point "a MariaDB server answers"
	# After this the server has read what it needs from the disk.
	sysbench_of oltp_read_only run --time=0 --events=50
	measure_mariadb
else
	point "a MariaDB server answers"
fi
