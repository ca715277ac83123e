# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# The device: every command, what it refuses, and what a reader of one's own sees.

needs_late flood.larger_than_ring

checks ioctls.info "INFO tells versions and limits that make sense"
checks ioctls.not_a_command "wrong sizes, numbers and magics are ENOTTY"
checks ioctls.bad_pointers "bad pointers are EFAULT, in every command"
checks ioctls.config_read_only "CONFIG that cannot answer has done nothing"
checks ioctls.config_limits "CONFIG refuses reserved bits and values out of limits"
checks ioctls.config_in_force "CONFIG answers with what is in force"
checks ioctls.filter_limits "FILTER refuses reserved bits, bad counts and bad patterns"
checks ioctls.wrong_order "commands in the wrong order are refused with the right errno"
checks ioctls.other_calls "write and pread are refused"
checks ioctls.max_sessions "as many sessions run as INFO says, one more is EUSERS"

checks maps.before_config "mmap before CONFIG is ENXIO"
checks maps.bad_places "mmap of other places or lengths is EINVAL"
checks maps.writable "the producer's part cannot be made writable"
checks maps.write_faults "writing to the producer's part is a fault"
checks maps.read_or_map "rings are either mapped or read"
checks maps.outlive "rings outlive the descriptor while they are mapped"
checks maps.hostile_positions "hostile consumer positions harm nobody, and are counted on"
checks maps.hostile_and_back "a reader that behaves again gets whole records again"

checks device.read_rules "read gives whole records, and refuses as it should"
checks device.read_pieces "a record larger than the buffer is read in pieces"
checks device.never_configured "a read of a new session starts it, with everything"
checks device.poll_rules "poll says what is there, also after STOP"
checks device.woken_by_event "a lone event wakes a sleeping poll"
checks device.woken_by_stop "STOP ends a sleeping read"
checks device.filter_exchanged "a filter is exchanged while the session runs"
checks device.restart "a session that is started again goes on counting"
checks device.own_sends "the tracer's own sends are not recorded, its child's are"
checks device.two_sessions "two sessions get their own records, and one may leave"
checks device.session_stats "STATS counts a session's hits, filtered, captured and bytes"

checks fields.send_fields "every field of a send's record is right"
checks fields.accept_fields "every field of an accept's record is right"
checks fields.explicit_fields "a record tells that its address came from the call"
checks fields.fault_in_the_middle "a fault in the middle cuts the payload there"

checks flood.overflow_mapped "a full ring loses nothing silently, mapped"
checks flood.overflow_read "a full ring loses nothing silently, read"
checks flood.many_times_round "records are whole however often the ring goes round"
checks flood.larger_than_ring "a payload larger than the ring is cut, not lost"

checks access.by_mode "the device's mode keeps others out: EACCES"
checks access.by_capability "without CAP_SYS_ADMIN open is EPERM, whatever the mode"
checks access.root_without_capability "root without CAP_SYS_ADMIN is kept out"
checks access.user_namespace "CAP_SYS_ADMIN in a user namespace is worth nothing"
checks access.passed_descriptor "a passed descriptor cannot be started without CAP_SYS_ADMIN"
checks access.unload_refused "the module cannot be unloaded while the device is open"
