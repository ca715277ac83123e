# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of the runner
# Databases.

numbers=30000

# ---- MariaDB ------------------------------------------------------------------------

start_mariadb() {
	enter_debian
	in_debian install -d -o mysql -g mysql /run/mysqld
	serve mariadbd mariadbd --user=mysql -- in_debian mariadb-admin ping
	mariadbd=$(pidof mariadbd)
	in_debian mariadb -e "CREATE DATABASE IF NOT EXISTS shop;
		CREATE USER IF NOT EXISTS app IDENTIFIED BY 'secret';
		GRANT ALL ON shop.* TO app"
}

# The client prints where it comes from, as the server sees it, and a long row.
ask_mariadb() {
	client mariadb --skip-column-names --raw "$@" -e "
		SET group_concat_max_len = 1000000;
		SELECT host FROM information_schema.processlist WHERE id = CONNECTION_ID();
		SELECT GROUP_CONCAT(seq) FROM shop.seq_1_to_$numbers;
		SELECT 'the question of $1'"
	line 1 && line 2 && line 3
	printf %s "SELECT 'the question of $1'" >question
}

scenario mariadb.tcp "MariaDB: the client's rows, over TCP, to the client's address and port"
case_mariadb_tcp() {
	start_mariadb
	start_reader main --sort=100ms -e all mariadbd
	ask_mariadb -h 127.0.0.1 -u app -psecret
	port=$(sed 's/.*://' line.1)
	to="pid=$mariadbd family=2 dest=127.0.0.1 port=$port"
	from="pid=$mariadbd family=2 src=127.0.0.1 port=$port"
	# shellcheck disable=SC2086 # words
	{
		stop_when has_event close $to
		shown "the long row" has line.2 $to
		shown "the last row" has line.3 $to call=sendto
		shown "the question" has question $from
		event accept $to call=accept
		event close $to call=close
	}
	show_lines
}

scenario mariadb.unix "MariaDB: the client's rows, over its unix socket, to the client's process; only sends, by default"
case_mariadb_unix() {
	start_mariadb
	start_reader main --sort=100ms mariadbd
	ask_mariadb -u root
	to="pid=$mariadbd family=1 peer_pid=$client"
	# shellcheck disable=SC2086
	{
		stop_when finds has line.3 $to
		shown "the long row" has line.2 $to
		shown "the last row" has line.3 $to
	}
	holds "only sends are shown" refuse_others main.out
	show_lines
}

refuse_others() {
	! grep -vE '^pid=[0-9]+ tid=[0-9]+ .* dest=' "$1"
}

# ---- PostgreSQL ---------------------------------------------------------------------

start_postgresql() {
	enter_debian
	in_debian install -d -o postgres -g postgres /run/postgresql
	serve postgres setpriv --reuid=postgres --regid=postgres --init-groups \
		/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main \
		-c config_file=/etc/postgresql/15/main/postgresql.conf \
		-c hba_file=/test/config/pg_hba.conf -c ssl=off -c jit=off -c fsync=off \
		-- in_debian pg_isready
}

# The client prints the process that serves it, its own port as the server sees it, a long row.
ask_postgresql() {
	client psql -U postgres -A -t "$@" -c "SELECT pg_backend_pid()" \
		-c "SELECT coalesce(inet_client_port(), 0)" \
		-c "SELECT string_agg(i::text, ',') FROM generate_series(1, $numbers) AS i" \
		-c "SELECT 'the question of $1'"
	line 3 && line 4
	printf %s "SELECT 'the question of $1'" >question
	backend=$(sed -n 1p client.out)
	port=$(sed -n 2p client.out)
}

scenario postgresql.tcp "PostgreSQL: the client's rows, over TCP, from the client's own server process"
case_postgresql_tcp() {
	start_postgresql
	start_reader main --sort=100ms -e all postgres
	ask_postgresql -h 127.0.0.1
	to="pid=$backend family=2 dest=127.0.0.1 port=$port"
	# shellcheck disable=SC2086
	{
		stop_when finds has line.4 $to
		shown "the long row" has line.3 $to
		shown "the last row" has line.4 $to call=sendto
		shown "the question" has question "pid=$backend" family=2 src=127.0.0.1 "port=$port" call=recvfrom
	}
	event accept family=2 dest=127.0.0.1 "port=$port" call=accept
	show_lines
}

scenario postgresql.unix "PostgreSQL: the same over its unix socket, to the client's process"
case_postgresql_unix() {
	start_postgresql
	start_reader main --sort=100ms -e send postgres
	ask_postgresql -h /run/postgresql
	stop_when finds has line.4 "pid=$backend" family=1 "peer_pid=$client"
	shown "the long row" has line.3 "pid=$backend" family=1 "peer_pid=$client"
	show_lines
}

# ---- Redis --------------------------------------------------------------------------

start_redis() {
	serve redis-server redis-server /test/config/redis.conf -- in_debian redis-cli ping
	redis=$(pidof redis-server)
	in_debian sh -c 'redis-cli -x set large </srv/www/large'
}

# The client prints what the server knows about it, and a large value.
ask_redis() {
	# shellcheck disable=SC2016
	client sh -c 'printf "CLIENT INFO\nGET large\n" | exec redis-cli "$@"' sh "$@"
	sed 1d client.out >large
	port=$(sed -n '1s/.* addr=[^ ]*:\([0-9]*\) .*/\1/p' client.out)
	line 1
	holds "the client has got the value" head_is large $debian/srv/www/large
}

# redis-cli ends a value with a line end of its own.
head_is() {
	head -c "$(stat -c %s "$2")" "$1" | cmp - "$2"
}

scenario redis.tcp "Redis: a large value, written to the client's address and port"
case_redis_tcp() {
	start_redis
	start_reader main --sort=100ms -e all redis-server
	ask_redis -h 127.0.0.1
	to="pid=$redis family=2 dest=127.0.0.1 port=$port"
	printf '$3\r\nGET\r\n$5\r\nlarge\r\n' >question
	cp $debian/srv/www/large large
	# shellcheck disable=SC2086
	{
		stop_when has_event close $to
		shown "the large value" has large $to
		shown "what it knows about the client" has line.1 $to call=write
		shown "the question" has question "pid=$redis" family=2 src=127.0.0.1 "port=$port" call=read
		event accept $to call=accept
		event close $to call=close
	}
	show_lines
}
