# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of the runner
# The same over TLS: what sendread --tls shows is what clients get and ask, in the clear. The
# programs' libraries lie in another mount namespace than sendread's.

tls=$debian/tmp/tls

# The key and the certificate of all servers; one file has both.
make_certificate() {
	enter_debian
	[ ! -e $tls/both.pem ] || return 0
	mkdir $tls
	in_debian openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-subj /CN=guest -addext subjectAltName=DNS:guest,IP:127.0.0.1 -days 3650 \
		-keyout /tmp/tls/key.pem -out /tmp/tls/cert.pem 2>/dev/null
	cat $tls/key.pem $tls/cert.pem >$tls/both.pem
	chmod 644 $tls/*.pem
}

# tls_reader COMM...: shows what they send and receive over TLS
tls_reader() {
	start_reader main --sort=100ms --tls "$@"
}

# over_tls OPTION...: curl's answer as it came, and its port
over_tls() {
	curl --insecure "$@"
}

# no_ciphertext: only calls of TLS libraries are shown
no_ciphertext() {
	! grep -vE ' call=(SSL_|gnutls_|wolfSSL_|mbedtls_)' main.out
}

clear_text_only() {
	holds "only what is in the clear is shown" no_ciphertext
}

# ---- nginx, curl, wget ----------------------------------------------------------------

scenario tls.nginx "nginx: a file over TLS 1.3, in the clear, to curl's address and port"
case_tls_nginx() {
	start_nginx
	tls_reader nginx
	over_tls --tlsv1.3 https://127.0.0.1:8443/large
	# shellcheck disable=SC2086 # words
	stop_when finds is client.out $to
	whole_answer
	printf 'GET /large HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$server" family=2 src=127.0.0.1 "port=$port" call=SSL_read
	clear_text_only
	show_lines
}

scenario tls.nginx12 "nginx: the same over TLS 1.2"
case_tls_nginx12() {
	start_nginx
	tls_reader nginx
	over_tls --tls-max 1.2 https://127.0.0.1:8443/large
	# shellcheck disable=SC2086
	stop_when finds is client.out $to
	whole_answer
	show_lines
}

scenario tls.http2 "nginx: a file over HTTP/2 and TLS"
case_tls_http2() {
	start_nginx
	tls_reader nginx
	client curl --silent --show-error --fail --http2 --insecure \
		--write-out '%{stderr}%{http_version} %{local_port}\n' https://127.0.0.1:8444/small
	port=$(sed 's/.* //' client.err)
	to="pid=$server family=2 dest=127.0.0.1 port=$port"
	# shellcheck disable=SC2086
	stop_when finds has client.out $to
	equal "version of HTTP" "$(sed 's/ .*//' client.err)" 2
	# shellcheck disable=SC2086
	shown "the file" has client.out $to
	show_lines
}

scenario tls.proxy "nginx: what it asks another server over TLS, and the answer, are not taken for the client's"
case_tls_proxy() {
	start_nginx
	tls_reader nginx
	over_tls https://127.0.0.1:8445/proxy/small
	# shellcheck disable=SC2086
	stop_when finds is client.out $to
	body
	whole_answer
	printf 'GET /small HTTP/1.0\r\n' >question
	shown "its question" begins question "pid=$server" family=2 dest=127.0.0.1 port=8443
	shown "what it received" has body "pid=$server" family=2 src=127.0.0.1 port=8443
	show_lines
}

scenario tls.curl "curl: what a client asks and gets that starts after the trace"
case_tls_curl() {
	start_nginx
	tls_reader curl
	over_tls https://127.0.0.1:8443/large
	stop_when finds is client.out "pid=$client" src=127.0.0.1 port=8443
	shown "the whole answer" is client.out "pid=$client" family=2 src=127.0.0.1 port=8443 call=SSL_read
	printf 'GET /large HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$client" family=2 dest=127.0.0.1 port=8443 call=SSL_write
	clear_text_only
	show_lines
}

scenario tls.wget "wget, with GnuTLS: the same"
case_tls_wget() {
	start_nginx
	tls_reader wget
	client wget --quiet --no-check-certificate --save-headers --output-document=- \
		https://127.0.0.1:8443/large
	stop_when finds is client.out "pid=$client" src=127.0.0.1 port=8443
	shown "the whole answer" is client.out "pid=$client" family=2 src=127.0.0.1 port=8443 \
		call=gnutls_record_recv
	printf 'GET /large HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$client" family=2 dest=127.0.0.1 port=8443 \
		call=gnutls_record_send
	show_lines
}

# ---- Databases ------------------------------------------------------------------------

# The other cases have a server without TLS.
restart() {
	make_certificate
	pkill_and_wait "$1"
}

pkill_and_wait() {
	! pidof "$1" >/dev/null || {
		# shellcheck disable=SC2046 # several
		kill $(pidof "$1")
		until_true "$1 has ended" is_not_running "$1"
	}
}

is_not_running() {
	! pidof "$1"
}

start_mariadb_tls() {
	restart mariadbd
	in_debian install -d -o mysql -g mysql /run/mysqld
	serve mariadbd mariadbd --user=mysql --ssl --ssl-cert=/tmp/tls/cert.pem --ssl-key=/tmp/tls/key.pem \
		-- in_debian mariadb-admin ping
	mariadbd=$(pidof mariadbd)
	in_debian mariadb -e "CREATE DATABASE IF NOT EXISTS shop;
		CREATE USER IF NOT EXISTS app IDENTIFIED BY 'secret';
		GRANT ALL ON shop.* TO app"
}

scenario tls.mariadb "MariaDB: the client's rows and questions, over TCP and TLS"
case_tls_mariadb() {
	start_mariadb_tls
	tls_reader mariadbd
	ask_mariadb -h 127.0.0.1 -u app -psecret --ssl
	port=$(sed 's/.*://' line.1)
	to="pid=$mariadbd family=2 dest=127.0.0.1 port=$port"
	# shellcheck disable=SC2086
	{
		stop_when finds has line.3 $to
		shown "the long row" has line.2 $to
		shown "the last row" has line.3 $to call=SSL_write
	}
	shown "the question" has question "pid=$mariadbd" family=2 src=127.0.0.1 "port=$port"
	clear_text_only
	show_lines
}

scenario tls.mariadb_unix "MariaDB: the same over its unix socket, to the client's process; and both ends of it"
case_tls_mariadb_unix() {
	start_mariadb_tls
	tls_reader mariadbd mariadb
	ask_mariadb -u root --ssl
	to="pid=$mariadbd family=1 peer_pid=$client"
	# shellcheck disable=SC2086
	{
		stop_when finds has line.3 $to
		shown "the long row" has line.2 $to
	}
	shown "the row, as the client reads it" has line.2 "pid=$client" family=1 "peer_pid=$mariadbd"
	shown "the question, as the client sends it" has question "pid=$client" family=1 "peer_pid=$mariadbd"
	show_lines
	restart mariadbd
}

scenario tls.postgresql "PostgreSQL: the client's rows and questions, over TLS"
case_tls_postgresql() {
	restart postgres
	in_debian install -d -o postgres -g postgres /run/postgresql
	in_debian install -o postgres -m 600 /tmp/tls/key.pem /run/postgresql/key.pem
	serve postgres setpriv --reuid=postgres --regid=postgres --init-groups \
		/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main \
		-c config_file=/etc/postgresql/15/main/postgresql.conf \
		-c hba_file=/test/config/pg_hba.conf -c ssl=on -c ssl_cert_file=/tmp/tls/cert.pem \
		-c ssl_key_file=/run/postgresql/key.pem -c jit=off -c fsync=off \
		-- in_debian pg_isready
	tls_reader postgres psql
	ask_postgresql -h 127.0.0.1
	to="pid=$backend family=2 dest=127.0.0.1 port=$port"
	# shellcheck disable=SC2086
	{
		stop_when finds has line.4 $to
		shown "the long row" has line.3 $to
		shown "the last row" has line.4 $to call=SSL_write
	}
	shown "the question" has question "pid=$backend" family=2 src=127.0.0.1 "port=$port" call=SSL_read
	shown "the long row, as psql reads it" has line.3 family=2 src=127.0.0.1 port=5432 call=SSL_read
	clear_text_only
	show_lines
	restart postgres
}

scenario tls.redis "Redis: a large value, over TLS, to the client's address and port"
case_tls_redis() {
	restart redis-server
	serve redis-server redis-server /test/config/redis.conf --tls-port 6380 --tls-auth-clients no \
		--tls-cert-file /tmp/tls/cert.pem --tls-key-file /tmp/tls/key.pem -- in_debian redis-cli ping
	redis=$(pidof redis-server)
	in_debian sh -c 'redis-cli -x set large </srv/www/large'
	tls_reader redis-server redis-cli
	ask_redis -h 127.0.0.1 -p 6380 --tls --insecure
	to="pid=$redis family=2 dest=127.0.0.1 port=$port"
	printf '$3\r\nGET\r\n$5\r\nlarge\r\n' >question
	cp $debian/srv/www/large large
	# shellcheck disable=SC2086
	{
		stop_when finds has large $to
		shown "the large value" has large $to
	}
	shown "the question" has question "pid=$redis" family=2 src=127.0.0.1 "port=$port"
	shown "the value, as the client reads it" has large comm=redis-cli family=2 src=127.0.0.1 port=6380
	show_lines
	restart redis-server
}

# ---- Others ---------------------------------------------------------------------------

scenario tls.stunnel "stunnel: what it decrypts, from curl's address and port"
case_tls_stunnel() {
	start_nginx
	serve stunnel4 stunnel4 /test/config/stunnel.conf -- answers_tls https://127.0.0.1:8446/small
	server=$(pidof stunnel4)
	tls_reader stunnel4
	over_tls https://127.0.0.1:8446/large
	# shellcheck disable=SC2086
	stop_when finds is client.out $to
	whole_answer
	printf 'GET /large HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$server" family=2 src=127.0.0.1 "port=$port"
	show_lines
}

answers_tls() {
	in_debian curl --insecure --silent --fail --output /dev/null "$1"
}

scenario tls.socat "socat: the same"
case_tls_socat() {
	start_nginx
	serve socat socat OPENSSL-LISTEN:8447,bind=127.0.0.1,reuseaddr,fork,verify=0,cert=/tmp/tls/both.pem \
		TCP:127.0.0.1:8080 -- answers_tls https://127.0.0.1:8447/small
	tls_reader socat
	over_tls --header 'Connection: close' https://127.0.0.1:8447/large
	stop_when finds is client.out family=2 dest=127.0.0.1 "port=$port"
	shown "the whole answer" is client.out family=2 dest=127.0.0.1 "port=$port"
	show_lines
}

# lighttpd_with LIBRARY PORT CALL: a file, with a module of lighttpd's for another library
lighttpd_with() {
	restart lighttpd
	sed "s/LIBRARY/$1/; s/PORT/$2/" "$test/config/lighttpd.conf" >$debian/tmp/lighttpd.conf
	serve lighttpd lighttpd -D -f /tmp/lighttpd.conf -- answers_tls "https://127.0.0.1:$2/small"
	server=$(pidof lighttpd)
	tls_reader lighttpd
	over_tls --http1.1 "https://127.0.0.1:$2/large"
	# shellcheck disable=SC2086
	{
		stop_when finds is client.out $to
		shown "the whole answer" is client.out $to "call=$3write"
	}
	printf 'GET /large HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$server" family=2 src=127.0.0.1 "port=$port" "call=$3read"
	clear_text_only
	show_lines
	restart lighttpd
}

scenario tls.wolfssl "lighttpd, with wolfSSL: a file, to curl's address and port"
case_tls_wolfssl() {
	lighttpd_with wolfssl 8453 wolfSSL_
}

scenario tls.mbedtls "lighttpd, with Mbed TLS: the same"
case_tls_mbedtls() {
	lighttpd_with mbedtls 8454 mbedtls_ssl_
}

# Of these OpenSSL sees no socket: they encrypt to memory, and send that themselves.

scenario tls.asyncio "python's asyncio, which sends the encrypted bytes itself: what a client asks and gets"
case_tls_asyncio() {
	start_nginx
	tls_reader python3
	client python3 /test/programs/ask_tls.py 8443 /large asyncio
	stop_when finds is client.out "pid=$client" src=127.0.0.1 port=8443
	shown "the whole answer" is client.out "pid=$client" family=2 src=127.0.0.1 port=8443 call=SSL_read_ex
	printf 'GET /large HTTP/1.0\r\n' >question
	shown "the question" begins question "pid=$client" family=2 dest=127.0.0.1 port=8443 call=SSL_write_ex
	clear_text_only
	show_lines
}

scenario tls.asyncio_server "python's asyncio: two clients of a server at the same time, each with its own port"
case_tls_asyncio_server() {
	restart python3
	serve python3 python3 /test/programs/serve_tls.py 8449 /tmp/tls/both.pem -- \
		answers_tls https://127.0.0.1:8449/small
	server=$(pidof python3)
	tls_reader python3
	client curl --silent --show-error --fail --insecure --parallel --parallel-immediate \
		--write-out '%{local_port} %{url}\n' \
		--output /tmp/one https://127.0.0.1:8449/one --next --silent --show-error --fail --insecure \
		--write-out '%{local_port} %{url}\n' --output /tmp/two https://127.0.0.1:8449/two
	for name in one two; do
		cp "$debian/tmp/$name" "$name"
		sed -n "s|^\([0-9]*\) .*/$name\$|\1|p" client.out >"$name.port"
	done
	stop_when both_shown
	for name in one two; do
		port=$(cat "$name.port")
		shown "the answer" has "$name" "pid=$server" family=2 dest=127.0.0.1 "port=$port" call=SSL_write_ex
		printf 'GET /%s HTTP/1.1\r\n' "$name" >question
		shown "the question" begins question "pid=$server" family=2 src=127.0.0.1 "port=$port" \
			call=SSL_read_ex
	done
	clear_text_only
	show_lines
	restart python3
}

both_shown() {
	finds has one "pid=$server" dest=127.0.0.1 "port=$(cat one.port)" &&
		finds has two "pid=$server" dest=127.0.0.1 "port=$(cat two.port)"
}

scenario tls.node "node: an answer of many pieces, to curl's address and port"
case_tls_node() {
	restart node
	serve node node /test/programs/server.js 8448 /tmp/tls/both.pem -- answers_tls https://127.0.0.1:8448/
	server=$(pidof node)
	tls_reader node
	over_tls https://127.0.0.1:8448/pieces
	# shellcheck disable=SC2086
	stop_when finds is client.out $to
	whole_answer
	printf 'GET /pieces HTTP/1.1\r\n' >question
	shown "the question" begins question "pid=$server" family=2 src=127.0.0.1 "port=$port"
	clear_text_only
	show_lines
	restart node
}

scenario tls.python "python, blocking: what a client asks and gets"
case_tls_python() {
	start_nginx
	tls_reader python3
	client python3 /test/programs/ask_tls.py 8443 /large
	stop_when finds is client.out "pid=$client" src=127.0.0.1 port=8443
	shown "the whole answer" is client.out "pid=$client" family=2 src=127.0.0.1 port=8443 call=SSL_read_ex
	printf 'GET /large HTTP/1.0\r\n' >question
	shown "the question" begins question "pid=$client" family=2 dest=127.0.0.1 port=8443 call=SSL_write_ex
	show_lines
}
