# SPDX-License-Identifier: GPL-2.0
# What compat.h cannot tell by the version: functions that came into the kernel at some
# time, and by way of distributions into older ones. Included by Kbuild files.

st-has = $(shell grep -qsw $(1) $(srctree)/include/linux/$(2) && echo y)
ccflags-$(call st-has,fault_in_readable,pagemap.h) += -DST_HAVE_FAULT_IN_READABLE
ccflags-$(call st-has,'sock_from_file(struct file \*file)',net.h) += -DST_HAVE_SOCK_FROM_FILE
ccflags-$(call st-has,vm_flags_clear,mm.h) += -DST_HAVE_VM_FLAGS_CLEAR
ccflags-$(call st-has,get_kretprobe,kprobes.h) += -DST_HAVE_GET_KRETPROBE
ccflags-$(call st-has,cgroup_bpf_attach_type,bpf-cgroup*.h) += -DST_HAVE_CGROUP_BPF_ATTACH_TYPE
ccflags-$(call st-has,inet_test_bit,../net/inet_sock.h) += -DST_HAVE_INET_TEST_BIT
ccflags-$(call st-has,CGROUP_UNIX_SENDMSG,bpf-cgroup-defs.h) += -DST_HAVE_CGROUP_UNIX_SENDMSG
ccflags-$(call st-has,iter_is_ubuf,uio.h) += -DST_HAVE_ITER_IS_UBUF
ccflags-$(call st-has,iter_iov,uio.h) += -DST_HAVE_ITER_IOV
ccflags-$(call st-has,sendpage,net.h) += -DST_HAVE_SENDPAGE
ccflags-$(call st-has,objpool_head,objpool.h) += -DST_HAVE_OBJPOOL
ccflags-$(call st-has,msg_iocb,socket.h) += -DST_HAVE_MSG_IOCB
ccflags-$(call st-has,ftrace_set_filter_ips,ftrace.h) += -DST_HAVE_FTRACE_SET_FILTER_IPS
ccflags-$(call st-has,arch_ftrace_regs,ftrace*.h) += -DST_HAVE_ARCH_FTRACE_REGS
ccflags-$(call st-has,uprobe_unregister_nosync,uprobes.h) += -DST_HAVE_UPROBE_UNREGISTER_NOSYNC
ccflags-$(call st-has,'__u64 \*data',uprobes.h) += -DST_HAVE_UPROBE_DATA
