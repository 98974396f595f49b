/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The least that a program on a tracepoint can do to signal a process: what the kernel itself costs on this machine. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

struct task_struct {
    int pid;
};
enum pid_type { PIDTYPE_PID = 0, PIDTYPE_TGID };

extern struct task_struct* bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct* task) __ksym;
extern int bpf_send_signal_task(struct task_struct* task, int sig, enum pid_type type, __u64 value) __ksym; /* 6.13 */

const volatile int pid = 0, sig = 0;
const volatile long marker = 0;

struct sys_enter_getpgid {
    __u64 common;
    long number;
    long pid;
};

SEC("tp/syscalls/sys_enter_getpgid")
int only_send(struct sys_enter_getpgid* event) {
    if (event->pid != marker) {
        return 0;
    }
    struct task_struct* task = bpf_task_from_pid(pid);
    if (task) {
        bpf_send_signal_task(task, sig, PIDTYPE_TGID, 0);
        bpf_task_release(task);
    }
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
