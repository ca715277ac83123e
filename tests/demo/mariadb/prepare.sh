# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # host.sh sets top and cache
#
# Prepares the Debian guest with MariaDB for booting, for `demo` and `shell`.
# Sourced after host.sh.

# step TEXT: prints a heading with the seconds since the start
step() {
	printf '\n[%3d s] %s\n' "$SECONDS" "$*"
}

# quietly COMMAND...: shows its output only if it fails
quietly() {
	"$@" >"$work/build.log" 2>&1 && return
	cat "$work/build.log" >&2
	die "this failed: $*"
}

# One guest at a time: they share the folder that holds the logs.
take_work_folder() {
	work=$cache/$1
	mkdir -p "$work"
	exec 8>"$work/.lock"
	flock -n 8 || die "another $1 is using '$work'; wait until it ends, or set SENDTRACE_CACHE to another folder"
}

# The server's key and certificate; its clients do not check who signed it.
make_certificate() {
	mkdir -p "$work/tls"
	[ -e "$work/tls/cert.pem" ] || quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -subj /CN=guest -days 3650 -keyout "$work/tls/key.pem" -out "$work/tls/cert.pem"
}

# The library that sendread loads for --tls.
find_capstone() {
	capstone=$(ldconfig -p | sed -n 's/.*libcapstone\.so\.[0-9]* (libc6,x86-64) => //p' | head -n 1)
	[ -n "$capstone" ] || die "expected libcapstone among the libraries; install libcapstone-dev"
}

# prepare_guest INIT: sets kernel and image, and makes $work/initrd, whose /init is INIT
prepare_guest() {
	local init=$1 module
	step "finding Debian's kernel (it is booted only in the virtual machine)"
	kernel=$("$top/tests/vm/kernel" 6.1)
	echo "        $kernel"
	step "finding the Debian guest with MariaDB"
	image=$("$top/tests/demo/mariadb/image" bookworm)
	echo "        $image"
	step "building sendtrace.ko for kernel $(cat "$kernel/release"), and sendread"
	quietly "$top/tests/vm/module" "$kernel"
	module=$(tail -n 1 "$work/build.log")
	quietly make -C "$top" --no-print-directory user
	make_certificate
	find_capstone
	quietly "$top/tests/vm/initramfs" --kernel "$kernel" --init "$init" \
		--sendtrace "$module" --sendread "$top/$reader_path" \
		--module virtio_pci --module virtio_blk --module ext4 --module overlay \
		--module tcp_diag --copy "$top/tests/demo/mariadb:/test" \
		--copy "$work/tls:/test/tls" --copy "$capstone:/usr/sbin/${capstone##*/}" "$work/initrd"
}
