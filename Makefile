# SPDX-License-Identifier: GPL-2.0
# Commands for users and packagers; Kbuild lists what kbuild compiles.
#
#   make            the module sendtrace.ko, sendread and libsendtrace
#   make demo       shows the main use in a virtual machine
#   make check      all tests except packages, programs, check-kernels, check-deep and bench
#   make help       all commands

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local
DESTDIR ?=
DKMS ?= dkms

# A relative DESTDIR would be another folder for each of our makefiles.
ifneq ($(DESTDIR),)
ifeq ($(filter /%,$(firstword $(DESTDIR))),)
override DESTDIR := $(CURDIR)/$(DESTDIR)
endif
endif

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
NEEDED_CONFIG = $(shell sed -n 's/^\tBUILD_EXCLUSIVE_CONFIG="\(.*\)"/\1/p' dkms.conf)
kernel-number = $(shell sed -n 's/^.define ST_$(1) //p' include/sendtrace/kernels.h)
KERNELS = Linux $(call kernel-number,OLDEST_MAJOR).$(call kernel-number,OLDEST_MINOR) to \
	  $(call kernel-number,NEWEST_MAJOR).$(call kernel-number,NEWEST_MINOR)

SOURCES := $(DESTDIR)/usr/src/sendtrace-$(VERSION)
BUILT := /var/lib/dkms/sendtrace/$(VERSION)

# In this order, so that a message about missing kernel headers comes last.
all: user module-if-possible

help:
	@echo "make                      the module sendtrace.ko, sendread and libsendtrace"
	@echo "make module [KDIR=DIR]    only the module, for the kernel whose build folder is DIR"
	@echo "make user                 only sendread and libsendtrace"
	@echo "make install [KVER=...]   installs these and the DKMS module on this host (as root)"
	@echo "make uninstall            removes everything that make install installed (as root)"
	@echo "make deb | rpm-spec       packages for Debian; a spec file for RHEL-like systems"
	@echo "make demo                 the main use: traces MariaDB in a virtual machine"
	@echo "make vm                   a shell in such a machine"
	@echo "make check                all tests except packages, programs, check-kernels, check-deep and bench;"
	@echo "                          most run in virtual machines"
	@echo "make style | unit | ring | fuzz | functional | kernels | debug | budget"
	@echo "                          one part of make check"
	@echo "make packages             tests of the packages"
	@echo "make programs             real programs, with their own clients as witness"
	@echo "make check-deep           check, packages, programs, and tests that take hours"
	@echo "make check-kernels        tests on every kernel, in virtual machines [KERNEL=6.12]"
	@echo "make bench | bench-rate   what a send costs; how many can be traced; also for peers"
	@echo "make bench-readme         writes the last results of these two into both READMEs"
	@echo "make clean                removes what was built here"
	@echo "variables: KDIR=$(KDIR) KVER=$(KVER) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)"
	@echo "           SENDTRACE_CACHE=FOLDER, SENDTRACE_NO_INSTALL=1 (README.md)"

# ---- Building -----------------------------------------------------------------

have-headers = test -e "$(KDIR)/Makefile"
ifeq ($(origin KDIR),file)
no-headers = echo "make: no kernel headers in $(KDIR): install linux-headers-$(KVER)" \
	"(Debian, Ubuntu) or kernel-devel-$(KVER) (RHEL, Fedora)," \
	"or give another kernel's build folder: KDIR=/lib/modules/VERSION/build" >&2
else
no-headers = echo "make: '$(KDIR)' is not the build folder of a kernel: it has no Makefile;" \
	"expected one such as KDIR=/lib/modules/VERSION/build" >&2
endif

module:
	@$(have-headers) || { $(no-headers); exit 1; }
	+$(MAKE) -C "$(KDIR)" M="$(CURDIR)" $(KBUILD_OPTIONS) modules

# What DKMS builds. A stub that says why there is no module (kmod/stub.c) if there can be none:
# if this failed, the kernel's packages could not be installed (dkms.conf).
dkms-module:
	+$(MAKE) module || $(MAKE) module ST_STUB=y

module-if-possible:
	+@if $(have-headers); then $(MAKE) module; \
	else $(no-headers); echo "make: built only sendread and libsendtrace, not the module;" \
		"'make demo' shows module and sendread in a virtual machine" >&2; fi

user:
	+$(MAKE) -C user VERSION="$(VERSION)"

# DKMS runs this in a copy that has only the module's sources.
clean:
	+@for dir in user tests/unit tests/ring tests/fuzz tests/deep tests/functional \
		tests/programs tests/bench/guest; do \
		[ ! -d $$dir ] || $(MAKE) -C $$dir clean || exit 1; \
	done
	rm -rf *.ko *.mod *.mod.c *.o .*.cmd modules.order Module.symvers .tmp_versions
	rm -f kmod/*.o kmod/.*.cmd kmod/.*.d
	rm -rf build

# ---- Installing on a host -------------------------------------------------------

# With DESTDIR (for packagers) this only copies files to that folder. A kernel that is not
# supported is excluded by DKMS (77), or it has built the stub.
install: user
	install -d "$(SOURCES)/kmod" "$(SOURCES)/include/sendtrace" "$(SOURCES)/include/uapi/linux"
	install -m 644 Kbuild Makefile dkms.conf COPYING "$(SOURCES)"
	install -m 644 kmod/*.[ch] kmod/compat.mk "$(SOURCES)/kmod"
	install -m 644 include/sendtrace/*.h "$(SOURCES)/include/sendtrace"
	install -m 644 include/uapi/linux/*.h "$(SOURCES)/include/uapi/linux"
	+$(MAKE) -C user install PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" VERSION="$(VERSION)"
ifeq ($(DESTDIR),)
	@# DKMS does not build again what it has built, though the sources have changed.
	[ ! -d "$(BUILT)/$(KVER)" ] || $(DKMS) remove sendtrace/$(VERSION) -k "$(KVER)"
	$(DKMS) install --force sendtrace/$(VERSION) -k "$(KVER)" || { [ $$? != 77 ] || \
		echo "make install: kernel $(KVER) is not supported, expected $(KERNELS) with all" \
		"of $(NEEDED_CONFIG) in $(KDIR)/.config" >&2; exit 1; }
	@why=$$(modinfo -F unsupported "$(BUILT)/$(KVER)"/*/module/sendtrace.ko*); [ -z "$$why" ] || \
		{ echo "make install: $$why" >&2; exit 1; }
	@echo "installed for $(KVER); next: modprobe sendtrace && sendread COMM"
endif

# Checked before any file is installed.
install: | can-install
can-install:
ifeq ($(DESTDIR),)
	@command -v $(DKMS) >/dev/null || { echo "make install: the command dkms is" \
		"missing: install the package dkms" >&2; exit 1; }
	@$(have-headers) || { $(no-headers); exit 1; }
endif

uninstall:
ifeq ($(DESTDIR),)
	@[ ! -d /sys/module/sendtrace ] || rmmod sendtrace || { echo "make uninstall:" \
		"first stop the programs that use the module (see /proc/sendtrace/sessions)" >&2; exit 1; }
	@[ ! -d "$(BUILT)" ] || \
		$(DKMS) remove sendtrace/$(VERSION) --all
endif
	rm -rf "$(SOURCES)"
	+$(MAKE) -C user uninstall PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)"

# ---- Packages ---------------------------------------------------------------------

# Written to build/. Missing tools are printed, and installed with apt-get.
deb:
	@packaging/build deb

rpm-spec:
	@packaging/build rpm-spec

# ---- Showing and testing ---------------------------------------------------------

demo:
	tests/demo/demo

vm:
	tests/demo/shell

# What is tested where: tests/README.md. The short parts run first, one after the other, since
# each keeps both CPUs busy. Most of the others keep one busy, so two run concurrently, the longest
# first. The output of each appears when it has ended; only that it begins is printed immediately.
# So what they need is installed before, where the user sees it. If one fails, the others still run.
check:
	+@status=0; \
	$(MAKE) --keep-going style unit ring fuzz || status=$$?; \
	for group in vm toolchain kernel; do tests/need $$group || :; done; \
	$(MAKE) --keep-going -j2 --output-sync=recurse AT_ONCE=1 \
		debug kernels functional budget 9>&2 || status=$$?; \
	exit $$status

AT_ONCE := 2
begins = @[ $(AT_ONCE) = 2 ] || echo "check: $@" >&9

style:
	tests/style/run

unit:
	tests/need build unit
	+$(MAKE) -C tests/unit check

ring:
	tests/need build
	+$(MAKE) -C tests/ring check

fuzz:
	tests/need build
	+$(MAKE) -C tests/fuzz check

# In QEMU.
FUNCTIONAL := tests/functional/functional.t tests/vm/harness.t
DEBUG := tests/kunit/kunit.t $(addprefix tests/deep/,stress.t inject.t security.t random.t)
# The module is built for all of Debian's kernels; the oldest and the newest, which is an RT
# kernel, are booted.
BOOT := 5.10 7.3-rt

# On Debian's kernel.
functional: machine-programs
	$(begins)
	prove -j$(AT_ONCE) $(FUNCTIONAL)

kernels: machine-programs
	$(begins)
	prove -v tests/kernels/kernels.t :: --boot "$(BOOT)" --jobs $(AT_ONCE)

# On a debug kernel (KASAN, lockdep, kmemleak); fixed seeds.
debug: machine-programs
	$(begins)
	prove -j$(AT_ONCE) $(DEBUG)

# Built once before the tests, because several tests that run concurrently use them.
machine-programs:
	tests/need build vm
	+@for dir in user tests/functional tests/deep; do $(MAKE) -s -C $$dir || exit 1; done

# Boots all of them, or one: KERNEL=6.12 (names: tests/vm/kernel --list).
check-kernels:
	tests/need build vm
	tests/kernels/kernels.t $(if $(KERNEL),--kernel "$(KERNEL)")

# Built and installed in clean Debians; the module is then booted in QEMU.
packages:
	tests/need build packages
	prove -j2 $(addprefix tests/packages/,debs.t dkms.t suites.t parts.t)

# Databases, web servers, servers of names, and languages, in one Debian guest.
programs:
	tests/need build demo
	prove -v tests/programs/programs.t

# Everything, longer, and with random seeds, which are printed.
RANDOM_SEED = $(shell date +%s)
check-deep: check packages programs
	+$(MAKE) -C tests/fuzz check SECONDS=300
	prove -v tests/functional/functional.t :: --cases "order.*" --append SENDTRACE_DEEP=1
	prove -v tests/deep/inject.t :: --deep yes
	prove -v tests/deep/random.t :: --seconds 600 --seed $(RANDOM_SEED)
	prove -v tests/deep/stress.t :: --cycles 1000 --rounds 20
	prove -v tests/deep/races.t :: --rounds 5 --seconds 120 --seed $(RANDOM_SEED)
	prove -v tests/deep/soak.t :: --minutes 60

# QEMU 10 counts instructions: the figures are the same on every machine.
budget: machine-programs
	$(begins)
	prove -v tests/bench/budget.t tests/bench/start

bench:
	tests/need build vm
	tests/bench/bench

bench-rate:
	tests/need build vm
	tests/bench/rate

bench-readme:
	tests/bench/readme

# A part that runs alone keeps both CPUs busy, so parts run one after the other, whatever -j says.
ifneq ($(AT_ONCE),1)
.NOTPARALLEL:
endif

.PHONY: all help module dkms-module module-if-possible user clean install uninstall demo vm check \
	check-deep check-kernels style unit ring fuzz machine-programs functional kernels \
	debug packages programs deb rpm-spec can-install budget bench bench-rate bench-readme
