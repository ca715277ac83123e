# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What other files show for one way of sending, for every way of sending and receiving: whole
# payloads, the reason for each cut, memory that is not resident, failures, losses, order.

needs_late each_way.whole each_way.not_resident each_way.snap each_way.lost each_way.order

# each_way NAME SNAP "READER'S ARGUMENTS" CASE ARGUMENT...: the program's lines, with one line in
# the place of the pieces that sendfile() and splice() send
each_way() {
	out=$1 snap=$2 reader_arguments=$3
	shift 3
	# shellcheck disable=SC2086 # words
	start_reader "$out" $reader_arguments -B 65536 each_way
	program "$out" each_way "$@"
	stop_reader "$out"
	holds "the summary reports no loss ($out)" grep -q '^[^a-z]*0 events lost' "$out.err"
	"$test/build/each_way" join "$snap" <"$out.out" >"$out.joined" 2>join.err || {
		fail "pieces are wrong ($out)"
		show join.err
	}
	same "$out.want" "$out.joined"
	echo "# $(lines "$out.joined") lines ($out)"
	sort -u "$out.log" | sed 's/^/# /'
	rm "$out.out" "$out.joined" "$out.want"
}

scenario each_way.whole "1 byte to 1 MiB are shown whole by each way; of io_uring what is copied inline, why=async"
case_each_way_whole() {
	for way in send recv; do
		each_way $way 1048576 "-e $way" lens $way 1048576 1 128 16384 16385 65536 1048576
	done
}

scenario each_way.not_resident "memory that is not resident is shown whole by each way; of io_uring what is before it, why=fault"
case_each_way_not_resident() {
	for way in send recv; do
		each_way $way 1048576 "-e $way" absent $way
	done
}

scenario each_way.snap "with -s each way is cut at the snap length, why=snaplen"
case_each_way_snap() {
	for snap in 100 20000; do
		for way in send recv; do
			each_way $way$snap $snap "-e $way -s $snap" lens $way $snap \
				$snap $((snap + 1)) 60000
		done
	done
}

checks each_way.lost "each way floods a small ring: every call is captured or lost, each loss is told, what is shown is whole"

scenario each_way.order "one thread sends and receives by all ways in rotation: its lines are in its order"
case_each_way_order() {
	each_way main 1048576 "-e send,recv" order 300
}

scenario each_way.failed "calls that fail are shown with their error by each way, why=failed or why=again"
case_each_way_failed() {
	for way in send recv; do
		each_way $way 1048576 "-e $way" failed $way
	done
}
