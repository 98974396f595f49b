// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All processes in one pass: which of them are meant, and for a plain send the signal itself. The kernel holds the task
 * while the program looks at it, so who is judged is who is signalled. One of the two programs is loaded.
 */
#include "target.bpf.h"

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

/* The place for the next process, or NULL when it is not its turn. */
static __always_inline struct s2p_found* take_place(struct task_struct* held) {
    struct task_struct* task = readable(held);
    __u32 number = number_of_readable(task);
    __u32 index = pass.found;
    if (number <= pass.after || pass.is_full) {
        return 0;
    }
    struct s2p_found* place = index < selection.places ? bpf_map_lookup_elem(&found, &index) : 0;
    if (!place) {
        pass.is_full = 1;
        return 0;
    }
    pass.found = index + 1;
    place->pid = number;
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

SEC("iter/task")
int find_tasks(struct bpf_iter__task* context) {
    struct task_struct* task = context->task;
    if (task && is_selected(task)) {
        take_place(task);
    }
    return 0;
}

SEC("iter/task")
int signal_tasks(struct bpf_iter__task* context) {
    struct task_struct* task = context->task;
    if (!task || !is_selected(task)) {
        return 0;
    }
    struct s2p_found* place = take_place(task);
    if (!place) {
        return 0;
    }
    __u32 blocked = 0;
    __u32 verdict = foresee(task, &blocked);
    if (verdict == S2P_DELIVERED) {
        place->error = bpf_send_signal_task(task, rule.signal, PIDTYPE_TGID, 0);
        verdict = verdict_of_error(place->error);
    }
    place->verdict = verdict;
    place->blocked = blocked;
    return 0;
}
