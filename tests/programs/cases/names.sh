# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of the runner
# Servers of names: knot, and systemd-resolved, which asks knot.

start_knot() {
	enter_debian
	in_debian install -d -o knot -g knot /run/knot
	serve knotd knotd -c /test/config/knot.conf -- in_debian kdig +short +retry=0 @127.0.0.1 host.example.org
	knotd=$(pidof knotd)
}

# ask_knot PORT OPTION...: kdig asks from this port
ask_knot() {
	port=$1
	shift
	client kdig +noall +header +answer +stats "$@" -b "127.0.0.1@$port" @127.0.0.1 long.example.org TXT
	printf "$(sed -n 's/.*; id: \([0-9]*\).*/\1/p' client.out | {
		read -r id
		printf '\\%o\\%o' $((id / 256)) $((id % 256))
	})" >id
	for number in 1 2 3 4; do
		grep TXT client.out | cut -d '"' -f $((2 * number)) | tr -d '\n' >"string.$number"
	done
	size=$(sed -n 's/^;; Received \([0-9]*\) B.*/\1/p' client.out)
}

# kdig prints how long the answer was, its number and its strings.
answer_of_knot() {
	for number in 1 2 3 4; do
		shown "string $number of the answer" has string.$number "$@"
	done
}

scenario knot.udp "knot: answers by sendmmsg, to kdig's address and port, whole and with their number"
case_knot_udp() {
	start_knot
	start_reader main --sort=100ms -e all knotd
	ask_knot 45001 +bufsize=1232
	to="pid=$knotd family=2 dest=127.0.0.1 port=45001 call=sendmmsg ret=$size"
	from="pid=$knotd family=2 src=127.0.0.1 port=45001 call=recvmmsg"
	printf '\004long\007example\003org' >question
	cp id id.2
	# shellcheck disable=SC2086 # words
	{
		stop_when finds begins id $to
		answer_of_knot $to
		shown "the answer's number" begins id $to
		shown "the question's number" begins id.2 $from
		shown "the question" has question $from
	}
	show_lines
}

scenario knot.tcp "knot: the same over TCP"
case_knot_tcp() {
	start_knot
	start_reader main --sort=100ms -e all knotd
	ask_knot 45002 +tcp
	to="pid=$knotd family=2 dest=127.0.0.1 port=45002"
	# shellcheck disable=SC2086
	{
		stop_when has_event close $to
		answer_of_knot $to
		shown "the answer's number" has id $to
		event accept $to call=accept
	}
	show_lines
}

# ---- systemd-resolved ---------------------------------------------------------------

# systemd-resolved asks nobody while the machine has no address but the loopback interface's.
add_link() {
	ip addr add 192.0.2.1/24 dev dummy0 2>/dev/null
	ip link set dummy0 up
}

start_resolved() {
	start_knot
	in_debian install -d /run/dbus
	cp "$test/config/resolved.conf" $debian/etc/systemd/resolved.conf
	serve dbus-daemon dbus-daemon --system --nofork --nopidfile -- [ -S $debian/run/dbus/system_bus_socket ]
	in_debian install -d -o systemd-resolve -g systemd-resolve /run/systemd/resolve
	add_link
	serve systemd-resolved /usr/lib/systemd/systemd-resolved -- in_debian resolvectl query host.example.org
	resolved=$(pidof systemd-resolved)
}

scenario resolved.question "systemd-resolved: its question to the server of names, by write, and the answer"
case_resolved_question() {
	start_resolved
	start_reader main --sort=100ms -e all systemd-resolve
	client getent ahostsv4 asked.example.org
	equal "getent prints the address" "$(sed -n '1s/ .*//p' client.out)" 192.0.2.8
	printf '\005asked\007example\003org' >question
	printf '\300\000\002\010' >address
	stop_when finds has address "pid=$resolved" family=2 src=127.0.0.1 port=53 call=recvmsg
	shown "the question" has question "pid=$resolved" family=2 dest=127.0.0.1 port=53 call=write
	shown "the answer" has address "pid=$resolved" family=2 src=127.0.0.1 port=53 call=recvmsg
	event connect "pid=$resolved" family=2 dest=127.0.0.1 port=53 call=connect
	show_lines
}

scenario resolved.getent "systemd-resolved: its answer to getent, by varlink, with what getent prints"
case_resolved_getent() {
	start_resolved
	start_reader main --sort=100ms -e all systemd-resolve
	client getent ahostsv4 host.example.org
	to="pid=$resolved family=1 peer_pid=$client"
	sed -n '1s/^\([^ ]*\) .*/\1/p' client.out | tr . , | tr -d '\n' | sed 's/.*/"address":[&]/' >address
	sed -n '1s/.* //p' client.out | tr -d '\n' | sed 's/.*/"name":"&"/' >name
	printf '"method":"io.systemd.Resolve.ResolveHostname","parameters":{"name":"host.example.org"' >question
	# shellcheck disable=SC2086
	{
		stop_when has_event close $to
		shown "the address" has address $to call=sendto
		shown "the name" has name $to call=sendto
		event accept $to call=accept
		event close $to call=close
	}
	shown "the question" has question "pid=$resolved" family=1 "peer_pid=$client"
	show_lines
}

scenario resolved.resolvectl "systemd-resolved: its answer to resolvectl, by the bus"
case_resolved_resolvectl() {
	start_resolved
	start_reader main --sort=100ms -e send systemd-resolve
	client resolvectl query host.example.org
	holds "resolvectl prints the address" grep -q '^host.example.org: 192.0.2.7' client.out
	printf '\300\000\002\007' >address
	printf 'host.example.org' >name
	to="pid=$resolved family=1 peer_pid=$(pidof dbus-daemon)"
	# shellcheck disable=SC2086
	{
		stop_when finds has address $to
		shown "the address" has address $to
		shown "the name" has name $to
	}
	show_lines
}
