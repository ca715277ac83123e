# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of the runner
# Programs of ours: a server that uses io_uring, and one of Python's asyncio.

# A server is ready when its port listens (state 0A).
listens() {
	grep -qi "^ *[0-9]*: 0100007F:$(printf %04X "$1") [0-9A-F:]* 0A " /proc/net/tcp
}

scenario io_uring.echo "io_uring: every operation that receives and sends, in the name of the server, to the client's port"
case_io_uring_echo() {
	serve ring_echo /test/build/ring_echo 7100 -- listens 7100
	ring=$(pidof ring_echo)
	start_reader main --sort=100ms -e all ring_echo
	# shellcheck disable=SC2016
	client sh -c 'seq -f "message %g that goes there and back" 24 | exec /test/build/talk 7100'
	port=$(cat client.err)
	to="pid=$ring fd=-1 family=2 dest=127.0.0.1 port=$port call=io_uring"
	from="pid=$ring fd=-1 family=2 src=127.0.0.1 port=$port call=io_uring"
	equal "messages that came back" "$(lines client.out)" 24
	cp client.out question
	# shellcheck disable=SC2086 # words
	{
		stop_when finds is client.out $to
		shown "the answers" is client.out $to
		shown "the questions" is question $from
		event accept "pid=$ring" family=2 dest=127.0.0.1 "port=$port" call=io_uring
	}
	show_lines
}

start_asyncio() {
	serve python3 python3 /test/programs/aio.py serve 7200 /srv/www/large -- listens 7200
	python=$(pidof python3 | tr ' ' '\n' | sort -n | head -n 1)
}

scenario python.stream "Python: an answer of asyncio's streams, to the client's address and port"
case_python_stream() {
	start_asyncio
	start_reader main --sort=100ms -e all python3
	client python3 /test/programs/aio.py ask 7200 "a line for Python"
	port=$(cat client.err)
	to="pid=$python family=2 dest=127.0.0.1 port=$port"
	printf 'a line for Python\n' >question
	# shellcheck disable=SC2086
	{
		stop_when has_event close $to
		shown "the answer" is client.out $to call=sendto
		shown "the question" is question "pid=$python" family=2 src=127.0.0.1 "port=$port" call=recvfrom
		event accept $to call=accept
		event close $to call=close "sent=$(stat -c %s client.out)"
	}
	show_lines
}

scenario python.sendfile "Python: a file that asyncio sends by sendfile"
case_python_sendfile() {
	start_asyncio
	start_reader main --sort=100ms -p "$python"
	client python3 /test/programs/aio.py ask 7200 file
	port=$(cat client.err)
	to="pid=$python family=2 dest=127.0.0.1 port=$port call=sendfile"
	# shellcheck disable=SC2086
	{
		stop_when finds is client.out $to
		shown "the file" is client.out $to
	}
	show_lines
}

scenario python.udp "Python: a datagram of asyncio, to the client's address and port"
case_python_udp() {
	start_asyncio
	start_reader main --sort=100ms -e all -p "$python"
	client python3 /test/programs/aio.py send 7200 "a datagram"
	port=$(cat client.err)
	printf 'a datagram' >question
	to="pid=$python family=2 dest=127.0.0.1 port=$port call=sendto"
	# shellcheck disable=SC2086
	{
		stop_when finds is client.out $to
		shown "the answer" is client.out $to
	}
	shown "the question" is question "pid=$python" family=2 src=127.0.0.1 "port=$port" call=recvfrom
	show_lines
}
