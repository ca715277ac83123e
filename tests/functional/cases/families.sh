# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# To whom: every address family, and whose address is shown.

shows inet.tcp_ipv4 "TCP over IPv4 is shown with the peer's address, from both ends"
shows inet.tcp_ipv6 "TCP over IPv6 is shown with the peer's address, from both ends"
shows inet.tcp_mapped "TCP over IPv4 on an IPv6 socket is shown with the v4-mapped address"
shows inet.tcp_dual_stack "an IPv4 client and the IPv6 listener that took it see each other"
shows inet.tcp_address_ignored "the peer of a TCP connection wins over the address given to sendto"
shows inet.tcp_fastopen "a sendto that connects by TCP fast open is shown with its address"
shows inet.flags "the flags of a send are shown as they were given"
shows inet.udp_connected "connected UDP is shown with the peer's address, all kinds of it"
shows inet.udp_several "one UDP socket that sends to several is shown with each destination"
shows inet.udp_ipv6 "UDP on an IPv6 socket is shown with the address given, of any kind"
shows inet.udp_explicit_wins "the address given to sendto wins over the one UDP is connected to"
shows inet.udp_reconnected "UDP that is connected elsewhere is shown with the new address"
shows inet.raw_icmp "a raw socket is shown with the address given"
shows_each inet.reused_fd "the same descriptor number in two processes at once is kept apart"
shows inet.reused_fd_in_turn "a descriptor number that is used again is shown with its new peer"

shows unix.stream_path "a unix stream is shown with the path of the peer, if it has one"
shows unix.stream_abstract "a unix stream is shown with the abstract name of the peer"
shows unix.seqpacket "unix seqpacket is shown with the path of the peer"
shows unix.odd_names "names of unix sockets with zero bytes, backslashes and more are escaped"
shows unix.longest_path "a unix path of all 108 bytes is shown whole"
shows unix.socketpairs "socket pairs have no path, but a peer's process"
shows unix.dgram_explicit "unix datagrams are shown with the name given to sendto"
shows unix.dgram_connected "the name given to sendto wins over the one that a datagram socket is connected to"
shows unix.dgram_whole_struct "a unix name is shown without the zeros behind it"
shows_each unix.peer_pid "the process at the other end of a unix stream is shown"
shows unix.peer_gone "a unix stream whose peer has gone is shown with the peer's name"

shows other.netlink "netlink is shown by the number of its family"
shows other.packet "packet sockets are shown by the number of their family"
shows other.vsock "vsock is shown by the number of its family"
shows other.no_socket "what is no socket, or not open, has family 0"

scenario inet.before "connections from before the trace are shown with their peers"
case_inet_before() {
	start_program main inet before
	start_reader main inet
	open_gate main
	end_program main
	stop_reader main
	same main.want main.out
}
