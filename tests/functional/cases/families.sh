# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# To whom: every address family, and which address is shown.

shows inet.tcp_ipv4 "TCP over IPv4 is shown with the peer's address, from both ends"
shows inet.tcp_ipv6 "TCP over IPv6 is shown with the peer's address, from both ends"
shows inet.tcp_mapped "TCP over IPv4 on an IPv6 socket is shown with the IPv4-mapped address"
shows inet.tcp_dual_stack "an IPv4 client and the IPv6 listener that accepted it are shown with each other's address"
shows inet.tcp_address_ignored "the peer of a TCP connection is shown, not the address given to sendto"
shows inet.tcp_fastopen "a sendto that connects by TCP fast open is shown with its address"
shows inet.flags "the flags of a send are shown as given"
shows inet.udp_connected "connected UDP is shown with the peer's address, of every kind"
shows inet.udp_several "a UDP socket that sends to several peers is shown with each destination"
shows inet.udp_ipv6 "UDP on an IPv6 socket is shown with the given address, of every kind"
shows inet.udp_explicit_wins "on connected UDP, the address given to sendto is shown"
shows inet.udp_reconnected "reconnected UDP is shown with the new address"
shows inet.raw_icmp "a raw socket is shown with the given address"
shows_each inet.reused_fd "the same descriptor number in two concurrent processes is not mixed up"
shows inet.reused_fd_in_turn "a reused descriptor number is shown with its new peer"

shows given.changed "an address that another thread changes during the call is shown as it was given"
shows given.dropped "an address whose memory is unmapped during the call is shown all the same"
shows given.absent "an address that is not resident at the entry is shown as late"
shows given.unreadable "an address that cannot be read is unknown, not that of the connected peer"

shows dest.more "a datagram that several sends make up is shown with the first one's address"
shows dest.corked "a corked datagram is shown with the first send's address, not the connected peer's"
shows dest.sctp "a one-to-many SCTP socket is shown with the address of each call"
shows dest.wrong_kinds "addresses of the wrong family or length are shown as asked for, or as the kernel took them"
shows dest.unspecified "the unspecified address is shown as asked for, or as what the socket was connected to"
shows dest.own_header "the destination beside a header of the caller's own is shown as asked for"
shows dest.scope_elsewhere "an interface of another network namespace is shown by its number"

scenario dest.scope "link-local addresses are shown with their interface"
case_dest_scope() {
	ip link add va1 type dummy || { skip "no interface can be added" && return; }
	ip link set va1 up
	until_true "va1 has a link-local address" \
		sh -c 'ip -6 addr show dev va1 | grep fe80:: | grep -qv tentative'
	start_reader main dest
	program main dest scope va1
	stop_reader main
	same main.want main.out
	ip link del va1
}

scenario dest.redirected "a datagram that a BPF program may redirect is shown as asked for"
case_dest_redirected() {
	mkdir cgroup
	mount -t cgroup2 none cgroup || { skip "the kernel has no cgroup2" && return; }
	mkdir cgroup/sender
	start_reader main dest
	program main dest redirected cgroup/sender
	stop_reader main
	[ -s skipped ] || same main.want main.out
	until_true "the cgroup is empty" rmdir cgroup/sender
	umount cgroup
}

shows unix.stream_path "a unix stream is shown with the path of the peer, if it has one"
shows unix.stream_abstract "a unix stream is shown with the abstract name of the peer"
shows unix.seqpacket "unix seqpacket is shown with the path of the peer"
shows unix.odd_names "zero bytes, backslashes and other odd bytes in names of unix sockets are escaped"
shows unix.longest_path "a unix path of all 108 bytes is shown whole"
shows unix.socketpairs "socket pairs are shown without a path, but with the peer's process"
shows unix.socketpair_reconnected "an end of a socket pair that is connected elsewhere is shown without the pair's process"
shows unix.dgram_replaced "a datagram that slept while its socket was connected to another one is not shown as sent to that"
shows unix.dgram_explicit "unix datagrams are shown with the name given to sendto"
shows unix.dgram_connected "on a connected datagram socket, the name given to sendto is shown"
shows unix.dgram_whole_struct "a unix name is shown without the zeros that follow it"
shows_each unix.peer_pid "the process at the other end of a unix stream is shown"
shows unix.peer_gone "a unix stream whose peer has closed is shown with the peer's name"

shows other.netlink "netlink is shown by the number of its family"
shows other.packet "packet sockets are shown by the number of their family"
shows other.vsock "vsock is shown by the number of its family"
shows other.no_socket "descriptors that are no socket, or not open, have family 0"

scenario inet.before "connections that existed before the trace are shown with their peers"
case_inet_before() {
	start_program main inet before
	start_reader main inet
	open_gate main
	end_program main
	stop_reader main
	same main.want main.out
}
