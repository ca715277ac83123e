# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of the runner
# Connections over TLS in several situations.

# A server and clients in python, both of which are traced.
start_talk() {
	make_certificate
	[ -e talk.pid ] || serve_talk
	tls_reader python3
}

# It has the name of its interpreter, as its clients.
serve_talk() {
	rm -f $debian/tmp/ask
	in_debian setsid python3 /test/programs/talk_tls.py serve 8450 /tmp/tls/both.pem \
		</dev/null >"$debian/tmp/talk.log" 2>&1 &
	echo $! >talk.pid
	until_true "the server listens" in_debian python3 -c \
		'import socket; socket.create_connection(("127.0.0.1", 8450))'
}

# Its process is the one that sh in in_debian has become.
end_talk() {
	stop_reader main
	kill "$(cat talk.pid)"
	show_lines
}

talk() {
	client python3 /test/programs/talk_tls.py "$1" 8450
}

# both_ends PORT FILE-OF-THE-QUESTION FILE-OF-THE-ANSWER: server and client show both
both_ends() {
	shown "the answer, as the server sends it" has "$3" family=2 dest=127.0.0.1 "port=$1" call=SSL_write_ex
	shown "the question, as the server gets it" has "$2" family=2 src=127.0.0.1 "port=$1" call=SSL_read_ex
}

port_of_line() {
	sed -n "$1s/ .*//p" client.out
}

scenario tls.big "1 MiB written at once on a socket that does not block: each byte once"
case_tls_big() {
	start_talk
	talk big
	port=$(port_of_line 1)
	sed 's/^[0-9]* //' client.out >question
	until_true "the whole answer is shown" finds is question family=2 dest=127.0.0.1 "port=$port"
	shown "all that the client writes, in its order" is question family=2 dest=127.0.0.1 port=8450
	shown "all that the server reads, in its order" is question family=2 src=127.0.0.1 "port=$port"
	end_talk
}

scenario tls.threads "64 threads with a connection each: nothing is taken for another one's"
case_tls_threads() {
	start_talk
	talk threads
	equal "connections" "$(lines client.out)" 64
	last=$(port_of_line 64)
	sed -n '64{s/^[0-9]* //;s/;/\n/g;p}' client.out | sed '$d' >answer
	until_true "the last answers are shown" finds is answer family=2 dest=127.0.0.1 "port=$last"
	while read -r port answer; do
		echo "$answer" | tr ';' '\n' | sed '/^$/d' >answer
		tr '[:upper:]' '[:lower:]' <answer >question
		shown "the answers of a thread" is answer family=2 dest=127.0.0.1 "port=$port"
		shown "the questions of a thread" is question family=2 src=127.0.0.1 "port=$port"
	done <client.out
	end_talk
}

scenario tls.fork "a child that goes on with its parent's connection"
case_tls_fork() {
	start_talk
	talk fork
	child=$(sed 's/^[0-9]* \([0-9]*\) .*/\1/' client.out)
	echo "said by the child" >question
	echo "SAID BY THE CHILD" >answer
	until_true "the answer is shown" finds is answer "pid=$child" family=2 src=127.0.0.1 port=8450
	shown "the child's question" is question "pid=$child" family=2 dest=127.0.0.1 port=8450
	shown "the child's answer" is answer "pid=$child" family=2 src=127.0.0.1 port=8450
	end_talk
}

scenario tls.resume "a session that is resumed on another connection"
case_tls_resume() {
	start_talk
	talk resume
	port=$(port_of_line 2)
	echo "said on the resumed session" >question
	echo "SAID ON THE RESUMED SESSION" >answer
	until_true "the answer is shown" finds is answer family=2 dest=127.0.0.1 "port=$port"
	both_ends "$port" question answer
	end_talk
}

scenario tls.old "a connection that is older than the trace"
case_tls_old() {
	make_certificate
	serve_talk
	in_debian python3 /test/programs/talk_tls.py old 8450 >client.out 2>client.err &
	until_true "the client is connected" grep -q connected client.err
	tls_reader python3
	touch $debian/tmp/ask
	until_true "the client has its answer" [ -s client.out ]
	port=$(port_of_line 1)
	echo "said on an older connection" >question
	echo "SAID ON AN OLDER CONNECTION" >answer
	until_true "the answer is shown" finds has answer family=2 dest=127.0.0.1 "port=$port"
	both_ends "$port" question answer
	end_talk
}

scenario tls.renegotiation "GnuTLS at both ends, after a second handshake on the connection"
case_tls_renegotiation() {
	make_certificate
	priority=NORMAL:-VERS-ALL:+VERS-TLS1.2
	in_debian setsid gnutls-serv --echo --quiet --port 8452 --priority $priority \
		--x509keyfile /tmp/tls/key.pem --x509certfile /tmp/tls/cert.pem \
		</dev/null >$debian/tmp/gnutls.log 2>&1 &
	until_true "the server listens" grep -q . $debian/tmp/gnutls.log
	tls_reader gnutls-serv gnutls-cli
	echo "said after the second handshake" >question
	cp question answer
	mkfifo questions
	in_debian timeout -s KILL "$limit" gnutls-cli --rehandshake --insecure --priority $priority \
		--port 8452 127.0.0.1 <questions >client.out 2>client.err &
	client=$!
	# It ends when its input does: only after the answer.
	exec 9>questions
	cat question >&9
	until_true "the client has its answer" grep -qx "$(cat answer)" client.out
	exec 9>&-
	wait $client || { fail "gnutls-cli ended with exit status $?" && show client.err; }
	grep -q 'ReHandshake was completed' client.out ||
		{ fail "expected a second handshake" && show client.out; }
	until_true "the answer is shown" finds has answer comm=gnutls-cli family=2 src=127.0.0.1 port=8452
	shown "the question" has question comm=gnutls-cli family=2 dest=127.0.0.1 port=8452 call=gnutls_record_send
	shown "the question, at the server" has question comm=gnutls-serv family=2 call=gnutls_record_recv
	stop_reader main
	kill "$(pidof gnutls-serv)"
	show_lines
}
