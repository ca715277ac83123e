# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of the runner
# Servers of HTTP. curl prints the answers as they come, with their heads, and its own port.

curl() {
	client curl --silent --show-error --fail --raw --include --write-out '%{stderr}%{local_port}\n' "$@"
	port=$(tail -n 1 client.err)
	to="pid=$server family=2 dest=127.0.0.1 port=$port"
}

# The body alone.
body() {
	sed '1,/^\r$/d' client.out >body
}

# answers URL: is it there?
answers() {
	in_debian curl --silent --fail --output /dev/null "$1"
}

# Every byte that curl has received, in their order, and no more.
whole_answer() {
	# shellcheck disable=SC2086 # words
	shown "the whole answer" is client.out $to
}

# The connection's end says how many bytes went over it.
sum_is_whole() {
	# shellcheck disable=SC2086
	event close $to call=close "sent=$(stat -c %s client.out)"
}

# ---- nginx --------------------------------------------------------------------------

start_nginx() {
	make_certificate
	serve nginx nginx -c /test/config/nginx.conf -- answers http://127.0.0.1:8080/small
	# The worker; the other one only waits for it.
	server=$(pidof nginx | tr ' ' '\n' | sort -n | tail -n 1)
}

scenario nginx.static "nginx: a file by sendfile, after its head by writev, to curl's address and port"
case_nginx_static() {
	start_nginx
	start_reader main --sort=100ms -e all nginx
	curl http://127.0.0.1:8080/large
	# shellcheck disable=SC2086
	stop_when has_event close $to
	body
	whole_answer
	# shellcheck disable=SC2086
	{
		shown "the file" is body $to call=sendfile
		event accept $to call=accept
	}
	sum_is_whole
	printf 'GET /large HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$server" family=2 src=127.0.0.1 "port=$port"
	show_lines
}

scenario nginx.proxy "nginx: what it has from another server, by writev; its question to that server and the answer"
case_nginx_proxy() {
	start_nginx
	start_reader main --sort=100ms -e all nginx
	curl http://127.0.0.1:8080/proxy/small
	# shellcheck disable=SC2086
	stop_when has_event close $to
	body
	whole_answer
	# shellcheck disable=SC2086
	shown "the answer" is client.out $to call=writev
	printf 'GET /small HTTP/1.0\r\n' >question
	shown "its question" begins question "pid=$server" family=2 dest=127.0.0.1 port=8081
	shown "what it received" has body "pid=$server" family=2 src=127.0.0.1 port=8081
	sum_is_whole
	event connect "pid=$server" family=2 dest=127.0.0.1 port=8081 call=connect
	show_lines
}

scenario nginx.http2 "nginx: a file over HTTP/2, to curl's address and port"
case_nginx_http2() {
	start_nginx
	start_reader main --sort=100ms -e send nginx
	client curl --silent --show-error --fail --http2-prior-knowledge \
		--write-out '%{stderr}%{http_version} %{local_port}\n' http://127.0.0.1:8082/small
	port=$(sed 's/.* //' client.err)
	to="pid=$server family=2 dest=127.0.0.1 port=$port"
	# shellcheck disable=SC2086
	stop_when finds has client.out $to
	equal "version of HTTP" "$(sed 's/ .*//' client.err)" 2
	# shellcheck disable=SC2086
	shown "the file" has client.out $to
	show_lines
}

# ---- node ---------------------------------------------------------------------------

scenario node.http "node: an answer of many pieces, to curl's address and port"
case_node_http() {
	serve node node /test/programs/server.js 8090 -- answers http://127.0.0.1:8090/
	server=$(pidof node)
	start_reader main --sort=100ms -e all node
	curl http://127.0.0.1:8090/this
	# shellcheck disable=SC2086
	stop_when has_event close $to
	whole_answer
	printf 'GET /this HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$server" family=2 src=127.0.0.1 "port=$port"
	sum_is_whole
	show_lines
}

# ---- Go -----------------------------------------------------------------------------

start_go() {
	serve relay /test/build/relay /srv/www 127.0.0.1:8091 127.0.0.1:8092 \
		-- answers http://127.0.0.1:8092/small
	server=$(pidof relay)
}

scenario go.write "Go: an answer of many pieces, to curl's address and port, whatever thread writes"
case_go_write() {
	start_go
	start_reader main --sort=100ms -e all relay
	curl http://127.0.0.1:8091/numbers
	# shellcheck disable=SC2086
	stop_when has_event close $to
	whole_answer
	printf 'GET /numbers HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$server" family=2 src=127.0.0.1 "port=$port" call=read
	sum_is_whole
	show_lines
}

scenario go.sendfile "Go: a file by sendfile, after its head by write"
case_go_sendfile() {
	start_go
	start_reader main --sort=100ms -e send relay
	curl http://127.0.0.1:8091/large
	# shellcheck disable=SC2086
	stop_when finds is client.out $to
	body
	whole_answer
	# shellcheck disable=SC2086
	shown "the file" has body $to
	# shellcheck disable=SC2086
	event_of sendfile $to
	show_lines
}

# A message that was sent by this call.
event_of() {
	call=$1
	shift
	first=$1
	shift
	event "$first" "$@" "call=$call"
}

scenario go.splice "Go: a relay of two connections by splice: all that went through it, to both ends"
case_go_splice() {
	start_go
	start_reader main --sort=100ms -e all relay
	curl http://127.0.0.1:8092/large
	# The server keeps its connection to the relay, and so the relay the client's.
	# shellcheck disable=SC2086
	stop_when finds is client.out $to call=splice
	printf 'GET /large HTTP/1.1\r\n' >question
	# shellcheck disable=SC2086
	{
		shown "the whole answer" is client.out $to call=splice
		shown "the question" begins question "pid=$server" dest=127.0.0.1 port=8091 call=splice
		event "pid=$server" family=2 src=127.0.0.1 port=8091 why=not_copied call=splice
	}
	show_lines
}
