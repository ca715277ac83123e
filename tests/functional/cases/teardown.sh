# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Tearing down, in every order, while a sender is in the middle of a long payload: the call
# has returned, but the copy waits for a page. The module cannot be unloaded until it ends.

needs_late teardown.held teardown.close teardown.unload teardown.kill teardown.exit \
	teardown.exec teardown.killed_unload

scenario teardown.held "a send whose page arrives late is shown whole"
case_teardown_held() {
	start_reader main whole_late
	start_program main whole_late whole
	open_gate main
	end_program main
	stop_reader main
	same main.want main.out
}

# Readers of both kinds end; the ones that start afterwards see nothing of that call.
scenario teardown.close "a session closes without waiting for a sender that is being copied"
case_teardown_close() {
	start_reader main whole_late
	start_reader read --read whole_late
	start_program main whole_late unseen
	stop_reader main
	stop_reader read
	equal "sessions" "$(value sessions)" 0
	start_reader again whole_late whole
	open_gate main
	end_program main
	program next whole cut 100000 100000 none
	stop_reader again
	: >nothing.want
	same nothing.want main.out
	same nothing.want read.out
	same next.want again.out
}

scenario teardown.unload "rmmod is refused while a sender is being copied, and succeeds afterwards"
case_teardown_unload() {
	start_reader main whole_late
	start_program main whole_late unseen
	stop_reader main
	refuses "rmmod under a sender in its copy" unload
	holds "the module is still there" loaded
	start_reader between whole
	program between whole cut 100000 100000 none
	stop_reader between
	refuses "rmmod under a sender in its copy, again" unload
	open_gate main
	end_program main
	holds "rmmod after it" unload
	refuses "the module is gone" loaded
	load
	start_reader again whole
	program again whole cut 100000 100000 none
	stop_reader again
	same between.want between.out
	same again.want again.out
}

scenario teardown.kill "a sender killed while it is being copied is shown with what was copied"
case_teardown_kill() {
	start_reader main whole_late
	start_program main whole_late killed
	# shellcheck disable=SC2154 # set by start_program
	kill -KILL "$program_main"
	wait "$program_main"
	equal "exit status of the program" $? 137
	stop_reader main
	same main.want main.out
}

scenario teardown.exit "a sender whose process exits is shown with what was copied"
case_teardown_exit() {
	start_reader main whole_late
	program main whole_late leave
	stop_reader main
	same main.want main.out
}

scenario teardown.exec "a sender ended by another thread's exec is shown with what was copied"
case_teardown_exec() {
	start_reader main whole_late
	program main whole_late replaced
	stop_reader main
	equal "lines expected" "$(lines main.want)" 2
	same main.want main.out
}

scenario teardown.killed_unload "rmmod succeeds after a sender was killed while it was being copied"
case_teardown_killed_unload() {
	start_reader main whole_late
	start_program main whole_late unseen
	stop_reader main
	refuses "rmmod under a sender in its copy" unload
	# shellcheck disable=SC2154 # set by start_program
	kill -KILL "$program_main"
	wait "$program_main"
	holds "rmmod after it was killed" unload
	refuses "the module is gone" loaded
}

# Senders keep sending while readers of both kinds are killed and the module is unloaded.
scenario teardown.flood "readers are killed, and the module is unloaded, while senders send"
case_teardown_flood() {
	start_reader witness whole_order
	start_program main whole_order threads 100000000
	# Eight threads that never sleep would slow down everything that follows, on a busy
	# machine beyond the deadlines. With low priority they send whenever we wait.
	renice -n 19 -p "$program_main" >/dev/null
	open_gate main
	for turn in 1 2 3; do
		start_reader mapped whole_order
		start_reader read --read whole_order
		until_true "lines are printed" [ -s mapped.out ]
		# shellcheck disable=SC2154 # set by start_reader
		kill -KILL "$pid_mapped" "$pid_read"
		wait "$pid_mapped" "$pid_read"
		rm mapped.out read.out
		[ $turn = 1 ] || continue
		kill -KILL "$pid_witness"
		wait "$pid_witness"
		until_true "all sessions are closed" grep -q '^sessions 0$' $stats
		holds "rmmod under senders" unload
		holds "insmod under senders" load
	done
	holds "the senders are still sending" kill -KILL "$program_main"
	wait "$program_main"
	equal "what ended them" $? 137
	until_true "all sessions are closed" grep -q '^sessions 0$' $stats
}

checks whole_maps.forked "a child inherits no mapping, so it keeps no session alive"
checks whole_maps.changed "mappings cannot be enlarged, doubled, or made writable"
checks whole_maps.moved "a moved mapping is still the same ring"
