/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rule, and how its agent's PID namespace numbers a task. */
#ifndef SIG2PID_IDENTITY_BPF_H
#define SIG2PID_IDENTITY_BPF_H

#include "kernel.bpf.h"
#include "wire.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

const volatile struct s2p_rule rule = {};

enum { NAMESPACE_DEPTH = 32 }; /* MAX_PID_NS_LEVEL */

/* The number of a pid at one level of its PID namespaces, 0 if that is not the agent's namespace. */
static __always_inline __u32 number_at(struct pid* pid, __u32 level) {
    __u32 number = 0;
    struct pid_namespace* namespace = 0;
    const void* place =
        (const void*)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
    bpf_probe_read_kernel(&number, sizeof(number), place + bpf_core_field_offset(struct upid, nr));
    bpf_probe_read_kernel(&namespace, sizeof(namespace), place + bpf_core_field_offset(struct upid, ns));
    return BPF_CORE_READ(namespace, ns.inum) == rule.ns_inum ? number : 0;
}

/* A pid as the agent's PID namespace numbers it; 0 for what that namespace cannot see. */
static __noinline __u32 number_of(struct pid* pid) {
    __u32 depth = pid ? BPF_CORE_READ(pid, level) + 1 : 0;
    for (__u32 level = 0; level < NAMESPACE_DEPTH && level < depth; level++) {
        __u32 number = number_at(pid, level);
        if (number) {
            return number;
        }
    }
    return 0;
}

static __always_inline __u32 thread_number(struct task_struct* task) {
    return rule.ns_is_initial ? (__u32)BPF_CORE_READ(task, pid) : number_of(BPF_CORE_READ(task, thread_pid));
}

static __always_inline struct pid* process_pid(struct task_struct* task) {
    return BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
}

static __always_inline __u32 process_number(struct task_struct* task) {
    return rule.ns_is_initial ? (__u32)BPF_CORE_READ(task, tgid) : number_of(process_pid(task));
}

#endif
