# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # host.sh sets top and cache
#
# The Debian guest with MariaDB, made ready to boot: what `demo` and `shell` share.
# Sourced after host.sh.

# step TEXT: a heading with the seconds gone by.
step() {
	printf '\n[%3d s] %s\n' "$SECONDS" "$*"
}

# quietly COMMAND...: its output is shown only if it fails.
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
	flock -n 8 || die "another one is running in '$work'; wait for its end, or set SENDTRACE_CACHE to another folder"
}

# prepare_guest INIT: sets kernel and image, and makes $work/initrd, whose /init is INIT.
prepare_guest() {
	local init=$1 module
	step "finding Debian's kernel (it is booted in the virtual machine only)"
	kernel=$("$top/tests/vm/kernel" 6.1)
	echo "        $kernel"
	step "finding the Debian guest with MariaDB"
	image=$("$top/tests/demo/mariadb/image" bookworm)
	echo "        $image"
	step "building sendtrace.ko for kernel $(cat "$kernel/release"), and sendread"
	quietly "$top/tests/vm/module" "$kernel"
	module=$(tail -n 1 "$work/build.log")
	quietly make -C "$top" --no-print-directory user
	quietly "$top/tests/vm/initramfs" --kernel "$kernel" --init "$init" \
		--sendtrace "$module" --sendread "$top/$reader_path" \
		--module virtio_pci --module virtio_blk --module ext4 --module overlay \
		--module tcp_diag --copy "$top/tests/demo/mariadb:/test" "$work/initrd"
}
