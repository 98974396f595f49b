/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel types that the programs use, no more: libbpf relocates every access to the running kernel (CO-RE). */
#ifndef SIG2PID_KERNEL_BPF_H
#define SIG2PID_KERNEL_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
    int counter;
} atomic_t;
typedef struct {
    __s64 counter;
} atomic_long_t;
typedef struct {
    __u64 sig[1];
} sigset_t;

struct list_head {
    struct list_head* next;
};
struct ns_common {
    unsigned int inum;
};
struct pid_namespace {
    struct ns_common ns;
};
struct upid {
    int nr;
    struct pid_namespace* ns;
};
struct pid {
    unsigned int level;
    __u64 ino; /* 6.9: the pidfd's inode */
    struct upid numbers[];
};

struct sigpending {
    sigset_t signal;
};
struct sigaction {
    void* sa_handler;
    unsigned long sa_flags;
};
struct k_sigaction {
    struct sigaction sa;
};
struct qspinlock {
    atomic_t val;
};
struct raw_spinlock {
    struct qspinlock raw_lock;
};
struct spinlock {
    struct raw_spinlock rlock; /* not with PREEMPT_RT */
};
struct sighand_struct {
    struct spinlock siglock;
    struct k_sigaction action[64];
};
struct rlimit {
    unsigned long rlim_cur;
};
struct signal_struct {
    atomic_t live;
    int nr_threads;
    unsigned int flags;
    int group_exit_code;
    struct sigpending shared_pending;
    struct pid* pids[4];
    struct rlimit rlim[16];
    struct list_head thread_head;
};

typedef struct {
    __u32 val;
} kuid_t;
struct ucounts {
    atomic_long_t rlimit[4]; /* 6.0 */
};
struct cred {
    kuid_t uid, suid, euid;
    struct ucounts* ucounts;
};

struct kernfs_node {
    const char* name;
    struct kernfs_node* __parent; /* 6.15 */
};
struct kernfs_node___before_6_15 {
    struct kernfs_node___before_6_15* parent;
};
struct cgroup {
    struct kernfs_node* kn;
};
struct cgroup_subsys_state;
struct css_set {
    struct cgroup_subsys_state* subsys[1];
    struct cgroup* dfl_cgrp;
};
struct page_counter {
    atomic_long_t usage;
    unsigned long max;
    struct page_counter* parent;
};
struct mem_cgroup {
    struct page_counter memory;
};
enum cgroup_subsys_id { memory_cgrp_id = 255 };

struct percpu_counter {
    __s64 count;
};
struct mm_struct {
    struct percpu_counter rss_stat[4]; /* 6.2 */
};
struct mm_rss_stat { /* before 6.2 */
    atomic_long_t count[4];
};
struct mm_struct___before_6_2 {
    struct mm_rss_stat rss_stat;
};

struct task_struct {
    unsigned int flags;
    int exit_state;
    int exit_code;
    int pid;
    int tgid;
    struct task_struct* real_parent;
    struct task_struct* group_leader;
    struct pid* thread_pid;
    __u64 start_boottime;
    const struct cred* real_cred;
    char comm[16];
    struct signal_struct* signal;
    struct sighand_struct* sighand;
    sigset_t blocked;
    sigset_t real_blocked;
    struct mm_struct* mm;
    struct css_set* cgroups;
    struct list_head thread_node;
};

struct linux_binprm {
    const char* filename;
};
struct kernel_siginfo {
    int si_signo;
    int si_errno;
    int si_code;
};

#pragma clang attribute pop

/* The context of iter/task programs. */
struct bpf_iter_meta;
struct bpf_iter__task {
    struct bpf_iter_meta* meta;
    struct task_struct* task; /* NULL after the last */
};

/* Complete, because libbpf holds a mere declaration for another kind of type when it compares a kfunc's prototype. */
struct bpf_map {
    __u32 id;
};

/* Opaque to programs; the size is the kernel's (6.18). */
struct bpf_task_work {
    __u64 __opaque;
} __attribute__((aligned(8)));

enum pid_type { PIDTYPE_PID = 0, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID };

enum {
    PF_EXITING = 0x00000004,
    PF_KTHREAD = 0x00200000,
    SIGNAL_GROUP_EXIT = 0x00000004,
    SIGNAL_UNKILLABLE = 0x00000040, /* the init of a PID namespace */
    RLIMIT_SIGPENDING = 11,
    UCOUNT_RLIMIT_SIGPENDING = 2,
    FIRST_RT_SIGNAL = 32,
    SI_KERNEL = 0x80,
    SIGKILL = 9,
    SIGCHLD = 17,
    SIGSTOP = 19,
};

#endif
