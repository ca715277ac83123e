#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Debian's own TLS libraries, from OpenSSL 1.1.1 on, for i386, amd64 and arm64: all of their
# functions can be traced. They are downloaded once, and only looked at.
set -eu
# A download may take longer than a test.
[ -n "${TEST_IS_TIMED:-}" ] || TEST_IS_TIMED=1 exec timeout --kill-after=5 1800 "$0" "$@"
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=../lib/host.sh
. "$here/../lib/host.sh"

# Of these, only the beginning is traced.
only_begin="SSL_free SSL_do_handshake BIO_write gnutls_deinit wolfSSL_free"
only_begin+=" mbedtls_ssl_free mbedtls_ssl_session_reset"

# unpacked SUITE ARCHITECTURE PACKAGE: sets $folder, a folder of the cache
unpacked() {
	local suite=$1 architecture=$2 which=() options
	folder=$cache/tls/$suite-$architecture-$3
	[ ! -e "$folder" ] || return 0
	[ "$architecture" != i386 ] || which=(--i386)
	mapfile -t options < <("$top/tests/vm/suite" "${which[@]}" "$suite")
	[ ${#options[@]} -gt 0 ] || return 1
	rm -rf "$folder.part"
	mkdir -p "$folder.part"
	# Of the suite itself: mirrors do not keep each security fix for each architecture.
	(cd "$folder.part" && apt-get -q "${options[@]}" download "$3:$architecture/$suite") || return 1
	dpkg-deb -x "$folder.part"/*.deb "$folder.part"
	mv "$folder.part" "$folder"
}

# is_return OFFSET: of the library
is_return() {
	case $(od -An -tx1 -j "$((16#$1))" -N 4 "$library" | tr -d ' ') in
	c0035fd6) [ "$architecture" = arm64 ] ;;
	c3* | f3c3*) [ "$architecture" != arm64 ] ;;
	*) return 1 ;;
	esac
}

# has NAMES: all of them, a regular expression, and with as many returns as they should have
has() {
	run "$here/build/tls_list" "$library"
	exited 0 || return 1
	names=$(sed -nE 's/^  ([A-Za-z0-9_]+): [0-9a-f]+, [0-9]+ returns:.*/\1/p' "$work/out" | xargs)
	grep -qxE "$1" <<<"$names" || return 1
	while read -r name _ number _ offsets; do
		name=${name%:}
		[[ " $only_begin " != *" $name "* ]] || { [ "$number" = 0 ] && continue || return 1; }
		[ "$number" -gt 0 ] || return 1
		for offset in $offsets; do
			is_return "$offset" || return 1
		done
	done < <(sed 1d "$work/out")
}

# expected NAME: the functions of a library, a regular expression
expected() {
	case $1 in
	# where there is SSL_write_ex2(), it stands for SSL_write_ex(), too
	libssl) echo "SSL_write SSL_write_ex2? SSL_read SSL_read_ex( SSL_sendfile)? SSL_free SSL_do_handshake" ;;
	libcrypto) echo BIO_write ;;
	libgnutls) echo "gnutls_record_send2 gnutls_record_recv gnutls_deinit" ;;
	libwolfssl) echo "wolfSSL_write wolfSSL_read wolfSSL_free" ;;
	libmbedtls) echo "mbedtls_ssl_write mbedtls_ssl_read mbedtls_ssl_free mbedtls_ssl_session_reset" ;;
	esac
}

# looks SUITE ARCHITECTURE PACKAGE NAME...: at these libraries of the package
looks() {
	architecture=$2
	exec 9>"$cache/tls/$1-$2.lock"
	flock 9
	if ! unpacked "$1" "$2" "$3" 9>&- >"$work/download" 2>&1; then
		count=$((count + 1))
		echo "ok $count - the libraries of $3 of $1 for $2 # SKIP they could not be downloaded"
		sed 's/^/# /' "$work/download" | tail -n 5
		return
	fi
	for name in "${@:4}"; do
		library=$(find "$folder" -name "$name.so.*" -type f | head -n 1)
		check "${library##*/} of $1 for $2" has "$(expected "$name")"
	done
}

# suite NAME ARCHITECTURE OPENSSL GNUTLS MBEDTLS [WOLFSSL]: their packages
suite() {
	looks "$1" "$2" "$3" libssl libcrypto
	looks "$1" "$2" "$4" libgnutls
	looks "$1" "$2" "$5" libmbedtls
	[ $# = 5 ] || looks "$1" "$2" "$6" libwolfssl
}

mkdir -p "$cache/tls"
for architecture in i386 amd64 arm64; do
	suite bullseye "$architecture" libssl1.1 libgnutls30 libmbedtls12 libwolfssl24
	suite bookworm "$architecture" libssl3 libgnutls30 libmbedtls14 libwolfssl35
	suite trixie "$architecture" libssl3t64 libgnutls30t64 libmbedtls21 libwolfssl42t64
	# The package of wolfSSL has another name there after each release.
	suite sid "$architecture" libssl3t64 libgnutls30t64 libmbedtls21
done
finish
