# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of the runner
#
# Programs of the Debian system on /dev/vda, which is read-only: writes go to memory. The reader
# runs outside of it.

debian=/debian

enter_debian() {
	[ ! -d $debian/usr ] || return 0
	mkdir -p /disk /memory $debian
	mount -t ext4 -o ro /dev/vda /disk
	mount -t tmpfs tmpfs /memory
	mkdir /memory/upper /memory/work
	mount -t overlay -o lowerdir=/disk,upperdir=/memory/upper,workdir=/memory/work overlay $debian
	for folder in dev proc sys; do
		mount -o rbind /$folder $debian/$folder
	done
	mount -t tmpfs tmpfs $debian/run
	mount -t tmpfs tmpfs $debian/tmp
	chmod 1777 $debian/tmp
	mkdir $debian/test
	mount -o bind "$test" $debian/test
	echo 0123456789abcdef0123456789abcdef >$debian/etc/machine-id
	echo '127.0.0.1 localhost guest' >$debian/etc/hosts
	make_files
}

# What servers give out: numbers, so that no part is like another.
make_files() {
	mkdir -p $debian/srv/www
	numbered 9000 "of the large file" >$debian/srv/www/large
	numbered 200 "of the small file" >$debian/srv/www/small
	chmod -R a+rX $debian/srv
}

# numbered NUMBER TEXT: so many lines
numbered() {
	seq 1 "$1" | sed "s/.*/line & $2/"
}

# in_debian COMMAND...
in_debian() {
	chroot $debian /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# serve NAME COMMAND... -- CHECK...: unless a process NAME runs, starts it; returns when CHECK
# succeeds. All are words without blanks.
serve() {
	enter_debian
	name=$1
	shift
	command="$*"
	# shellcheck disable=SC2086 # words
	pidof "$name" >/dev/null ||
		in_debian setsid ${command%% -- *} </dev/null >"$debian/tmp/$name.log" 2>&1 &
	# shellcheck disable=SC2086
	until_true "$name answers" ${command##* -- } || show "$debian/tmp/$name.log"
}

# client COMMAND...: what it prints goes to client.out, what it says about itself to client.err, its
# process id to $client
client() {
	# shellcheck disable=SC2016 # expanded in there
	in_debian timeout -s KILL "$limit" sh -c 'echo $$ >/tmp/client; exec "$@"' sh "$@" \
		>client.out 2>client.err || { fail "$* ended with exit status $?" && show client.err; }
	client=$(cat $debian/tmp/client)
}

# line NUMBER: puts a line of what the client has printed in a file, without its end
line() {
	sed -n "$1p" client.out | tr -d '\n' >"line.$1"
}

# finds HOW FILE WORD...: have sendread's lines with these words the bytes in the file
# (programs/shown.c)?
finds() {
	how=$1 file=$2
	shift 2
	"$test/build/shown" "$how" main.out "$file" "$@"
}

# shown WHAT HOW FILE WORD...: they must have them. With --tamper there is one more byte.
shown() {
	what=$1
	shift
	[ -z "$tamper" ] || printf x >>"$2"
	finds "$@" >shown.log 2>&1 && return
	fail "expected sendread to show $what: $*"
	show shown.log
}

# has_event WORD...: one of sendread's lines begins with the first word and has the others
has_event() {
	awk -v words="$*" '
		BEGIN { number = split(words, word, " ") }
		{
			line = " " $0 " "
			has = $1 == word[1]
			for (i = 2; i <= number; i++)
				has = has && index(line, " " word[i] " ")
			found = found || has
		}
		END { exit !found }' main.out
}

event() {
	has_event "$@" || fail "expected sendread to show: $*"
}

# stop_when COMMAND...: stops the reader when it has shown what comes last: a server may still be
# in its last calls when the client has its answer.
stop_when() {
	until_true "sendread shows the last call: $*" "$@"
	stop_reader main
}

# show_lines: what sendread has shown explains a failure
show_lines() {
	[ ! -s failed ] || { cut -c 1-300 main.out >main.short && show main.short 40; }
}
