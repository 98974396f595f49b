// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All processes in one pass: which of them are meant, and for a plain send the signal itself. The kernel holds the task
 * while the program looks at it, so who is judged is who is signalled. One of the two programs is loaded.
 */
#include "target.bpf.h"

struct bpf_iter_task {
    __u64 opaque[3];
} __attribute__((aligned(8)));
enum { TASK_ITER_ALL_PROCESSES = 0 };
extern int bpf_iter_task_new(struct bpf_iter_task* it, struct task_struct* task, unsigned int flags) __ksym __weak;
extern struct task_struct* bpf_iter_task_next(struct bpf_iter_task* it) __ksym __weak; /* 6.7 */
extern void bpf_iter_task_destroy(struct bpf_iter_task* it) __ksym __weak;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct s2p_selection selection = {};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct s2p_found);
} found SEC(".maps");

struct s2p_pass pass = {};

static __always_inline bool has_name(struct task_struct* task) {
    const __u64* comm = (const void*)task->comm;
    const volatile __u64* wanted = (const volatile void*)selection.name;
    return !selection.has_name || (comm[0] == wanted[0] && comm[1] == wanted[1]);
}

static __always_inline bool has_number(struct task_struct* task, enum pid_type type, __u32 wanted) {
    return !wanted || number_of(task->signal->pids[type]) == wanted;
}

/* process_number() by plain loads, for each process there is is asked twice. */
static __always_inline __u32 number_of_readable(struct task_struct* task) {
    return rule.ns_is_initial ? (__u32)task->tgid : number_of(task->signal->pids[PIDTYPE_TGID]);
}

/* Kernel threads, PID 1, this process and its ancestors, processes of other PID namespaces. */
static __always_inline bool is_never_meant(struct task_struct* task) {
    struct pid* pid = task->signal->pids[PIDTYPE_TGID];
    __u32 number = number_of_readable(task);
    if (task->flags & PF_KTHREAD || !pid || number == 1 || is_agent_or_ancestor(number)) {
        return true;
    }
    return rule.ns_is_initial ? pid->level != 0 : number_at(pid, pid->level) == 0;
}

static __noinline bool is_selected(struct task_struct* held) {
    struct task_struct* task = readable(held);
    if (task->pid != task->tgid || !has_name(task)) {
        return false;
    }
    if (selection.has_uid && task->real_cred->euid.val != selection.uid) {
        return false;
    }
    if (!selection.zombies && task->signal->live.counter == 0) {
        return false;
    }
    return has_number(task, PIDTYPE_PGID, selection.group) && has_number(task, PIDTYPE_SID, selection.session) &&
           !is_never_meant(task);
}

/* The place for the next process, or NULL when there is none left. */
static __always_inline struct s2p_found* take_place(struct task_struct* held) {
    struct task_struct* task = readable(held);
    __u32 index = pass.found;
    struct s2p_found* place = index < selection.places ? bpf_map_lookup_elem(&found, &index) : 0;
    if (!place) {
        pass.is_full = 1;
        return 0;
    }
    pass.found = index + 1;
    place->pid = number_of_readable(task);
    place->inode = bpf_core_field_exists(struct pid, ino) ? task->signal->pids[PIDTYPE_TGID]->ino : 0;
    place->error = 0;
    place->blocked = 0;
    place->verdict = S2P_PENDING;
    const __u64* comm = (const void*)task->comm;
    __u64* name = (void*)place->comm;
    name[0] = comm[0];
    name[1] = comm[1];
    return place;
}

static __always_inline void signal_one(struct task_struct* task, struct s2p_found* place) {
    __u32 blocked = 0;
    __u32 verdict = foresee(task, &blocked);
    if (verdict == S2P_DELIVERED) {
        place->error = bpf_send_signal_task(task, rule.signal, PIDTYPE_TGID, 0);
        verdict = verdict_of_error(place->error);
    }
    place->verdict = verdict;
    place->blocked = blocked;
}

/* Holds a selected process while it is signalled. */
static __always_inline void take(struct task_struct* task) {
    struct task_struct* held = bpf_task_acquire(task);
    if (!held) {
        return; /* reaped meanwhile */
    }
    struct s2p_found* place = take_place(held);
    if (place && rule.signal) {
        signal_one(held, place);
    }
    bpf_task_release(held);
}

/* Along the kernel's own list of processes, in the order in which they were forked: it takes a tenth of what looking up
 * number after number takes. Successors of those that were just signalled are not met.
 */
SEC("syscall")
int walk_tasks(void* context) {
    struct bpf_iter_task all;
    struct task_struct* task;
    __u64 began = bpf_ktime_get_boot_ns();
    (void)context;
    bpf_rcu_read_lock();
    bpf_iter_task_new(&all, 0, TASK_ITER_ALL_PROCESSES);
    while ((task = bpf_iter_task_next(&all))) {
        if (is_selected(task) && readable(task)->start_boottime <= began) {
            take(task);
        }
    }
    bpf_iter_task_destroy(&all);
    bpf_rcu_read_unlock();
    return 0;
}

/* Before 6.7. */
SEC("iter/task")
int find_tasks(struct bpf_iter__task* context) {
    struct task_struct* task = context->task;
    if (task && is_selected(task)) {
        take_place(task);
    }
    return 0;
}
