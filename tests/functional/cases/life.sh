# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# accept(), connect(), shutdown() and close(): one event each, whoever makes the call.

checks life.tcp "connect, accept, shutdown and close of TCP are one event each, with both addresses"
checks life.results "how a connect() ended is shown, and what was asked for"
checks life.unix_sockets "a connect to a name shows name and process; the last descriptor's end is shown"
checks life.uring_inline "io_uring's connect, accept, shutdown and close are one event each"
checks life.uring_worker "the same in threads of io_uring"
checks life.uring_thread "the same with a polling thread"
checks life.uring_waits "an accept that io_uring makes at the end of another call is io_uring's"
checks life.entry32 "the calls through the 32-bit entry, socketcall() included, are the same"
