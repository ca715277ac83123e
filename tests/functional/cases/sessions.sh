# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# The device: every command, what it refuses, and what a program other than sendread sees.

needs_late flood.larger_than_ring

checks ioctls.info "INFO returns versions and limits that make sense"
checks ioctls.not_a_command "wrong sizes, numbers and magics give ENOTTY"
checks ioctls.bad_pointers "bad pointers give EFAULT in every command"
checks ioctls.config_read_only "CONFIG has no effect if its answer cannot be written"
checks ioctls.config_limits "CONFIG refuses reserved bits and values beyond the limits"
checks ioctls.config_in_force "CONFIG returns the values in force"
checks ioctls.filter_limits "FILTER refuses reserved bits, bad counts and bad patterns"
checks ioctls.wrong_order "commands in the wrong order fail with the right errno"
checks ioctls.other_calls "write and pread are refused"
checks ioctls.max_sessions "as many sessions run as INFO says; one more gives EUSERS"

checks maps.before_config "mmap before CONFIG gives ENXIO"
checks maps.bad_places "mmap of other offsets or lengths gives EINVAL"
checks maps.writable "the producer's part cannot be made writable"
checks maps.write_faults "writing to the producer's part faults"
checks maps.read_or_map "rings are either mapped or read, not both"
checks maps.outlive "mapped rings outlive the descriptor"
checks maps.hostile_positions "hostile consumer positions do no harm, and counting continues"
checks maps.hostile_and_back "a reader with valid positions again gets whole records again"

checks device.read_rules "read returns whole records, and fails as documented"
checks device.read_pieces "a record larger than the buffer is read in pieces"
checks device.never_configured "a read of a new session starts it, recording everything"
checks device.poll_rules "poll reports available records, also after STOP"
checks device.woken_by_event "a lone event wakes a sleeping poll"
checks device.woken_by_stop "STOP ends a sleeping read"
checks device.filter_exchanged "a filter is replaced while the session runs"
checks device.restart "a restarted session continues counting"
checks device.own_sends "the tracer's own sends are not recorded, its child's are"
checks device.reused_pid "a process that gets the pid of an ended tracer is recorded"
checks device.two_sessions "two sessions get their own records, and one may end"
checks device.session_stats "STATS counts a session's hits, filtered, captured and bytes"

checks fields.send_fields "every field of a send's record is right"
checks fields.accept_fields "every field of an accept's record is right"
checks fields.explicit_fields "a record is flagged if its address came from the call"
checks fields.fault_in_the_middle "of a call that failed with EFAULT, only what is before the fault is shown"

checks flood.overflow_mapped "a mapped ring that is full reports every loss"
checks flood.overflow_read "a full ring that is read reports every loss"
checks flood.stopped_full_mapped "STOP reports what a mapped ring lost last"
checks flood.stopped_full_read "STOP reports what a ring that is read lost last"
checks flood.many_times_round "records are whole however often the ring wraps"
checks flood.larger_than_ring "a payload larger than the ring is cut, not lost"

checks access.by_mode "the device's mode refuses other users: EACCES"
checks access.by_capability "without CAP_SYS_ADMIN open gives EPERM, whatever the mode"
checks access.root_without_capability "root without CAP_SYS_ADMIN may neither trace nor read the counters"
checks access.user_namespace "CAP_SYS_ADMIN in a user namespace is not enough"
checks access.passed_descriptor "without CAP_SYS_ADMIN a passed session can be neither started nor claimed"
checks access.unload_refused "the module cannot be unloaded while the device is open"
