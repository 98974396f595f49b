/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whom a match signals, and what may be expected there: the target is judged in the kernel just before it is signalled.
 */
#ifndef SIG2PID_TARGET_BPF_H
#define SIG2PID_TARGET_BPF_H

#include "identity.bpf.h"

extern struct task_struct* bpf_task_acquire(struct task_struct* task) __ksym __weak; /* 6.2 */
extern void bpf_task_release(struct task_struct* task) __ksym __weak;                /* 6.2 */
extern struct task_struct* bpf_task_from_vpid(__s32 pid) __ksym __weak;              /* 6.13 */
extern void bpf_rcu_read_lock(void) __ksym __weak;                                   /* 6.2 */
extern void bpf_rcu_read_unlock(void) __ksym __weak;                                 /* 6.2 */
extern void* bpf_rdonly_cast(const void* object, __u32 type) __ksym __weak;          /* 6.2 */

extern int bpf_send_signal_task(struct task_struct* task, int sig, enum pid_type type,
                                __u64 value) __ksym __weak; /* 6.13 */

#define __kptr __attribute__((btf_type_tag("kptr")))

/* The rule's target, pinned by a reference that the kernel holds. */
struct pin {
    struct task_struct __kptr* task;
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pin);
} pins SEC(".maps");

static __always_inline long pin_task(struct task_struct* task) {
    __u32 zero = 0;
    struct pin* pin = bpf_map_lookup_elem(&pins, &zero);
    if (!pin) {
        bpf_task_release(task);
        return -2;
    }
    struct task_struct* old = bpf_kptr_xchg(&pin->task, task);
    if (old) {
        bpf_task_release(old);
    }
    return 0;
}

/* A reference to the pinned target, or NULL. The caller releases it. */
static __always_inline struct task_struct* pinned_task(void) {
    __u32 zero = 0;
    struct pin* pin = bpf_map_lookup_elem(&pins, &zero);
    struct task_struct* task = 0;
    if (!pin) {
        return 0;
    }
    bpf_rcu_read_lock();
    if (pin->task) {
        task = bpf_task_acquire(pin->task);
    }
    bpf_rcu_read_unlock();
    return task;
}

static __always_inline bool is_agent_or_ancestor(__u32 number) {
    bool found = number == rule.agent;
#pragma clang loop unroll(full)
    for (int i = 0; i < S2P_MAX_ANCESTORS; i++) {
        found = found || (rule.ancestors[i] && rule.ancestors[i] == number);
    }
    return found;
}

/* Words such as `current` name whoever it is; these are never meant. Returns enum s2p_denial, or 0. */
static __always_inline int denial_of(struct task_struct* task) {
    struct pid* pid = process_pid(task);
    if (BPF_CORE_READ(task, flags) & PF_KTHREAD) {
        return S2P_DENIED_KTHREAD;
    }
    if (!pid || !number_at(pid, BPF_CORE_READ(pid, level))) {
        return S2P_DENIED_NAMESPACE;
    }
    __u32 number = process_number(task);
    if (number == 1) {
        return S2P_DENIED_INIT;
    }
    return is_agent_or_ancestor(number) ? S2P_DENIED_SELF : 0;
}

/* A task to be read by plain loads, which cost a tenth of a helper's. The cast (6.2) takes the verifier's trust away:
 * for each pointer that it follows from a trusted one it looks through all of the kernel's types by name, which takes
 * longer than all else it does.
 */
static __always_inline struct task_struct* readable(struct task_struct* task) {
    return rule.can_cast ? bpf_rdonly_cast(task, rule.task_struct) : task;
}

/* Without CAP_KILL the uid rule of kill(2) is the agent's only right, and the target may have changed owner since. */
static __always_inline bool owner_allows(struct task_struct* task) {
    if (!rule.check_uid) {
        return true;
    }
    __u32 uid = task->real_cred->uid.val, suid = task->real_cred->suid.val;
    return rule.euid == suid || rule.euid == uid || rule.uid == suid || rule.uid == uid;
}

/* A word of what the target does at the rule's signal. */
#define ACTION_WORD(sighand, member)                                                                                   \
    ({                                                                                                                 \
        unsigned long word = 0;                                                                                        \
        bpf_probe_read_kernel(&word, sizeof(word),                                                                     \
                              (const void*)(sighand) + bpf_core_field_offset(struct sighand_struct, action) +          \
                                  (rule.signal - 1) * bpf_core_type_size(struct k_sigaction) +                         \
                                  bpf_core_field_offset(struct k_sigaction, sa.member));                               \
        word;                                                                                                          \
    })

static __always_inline unsigned long handler_of(struct sighand_struct* sighand) {
    return ACTION_WORD(sighand, sa_handler);
}

/* An asynchronous send cannot report a full queue: with no more than `margin` places left the next rung, which can. */
static __always_inline bool queue_nearly_full(struct task_struct* held) {
    struct task_struct* task = readable(held);
    unsigned long limit = task->signal->rlim[RLIMIT_SIGPENDING].rlim_cur;
    __s64 queued = task->real_cred->ucounts->rlimit[UCOUNT_RLIMIT_SIGPENDING].counter;
    return limit < ~0ULL >> 1 && queued + (__s64)rule.margin >= (__s64)limit;
}

#define SA_RESETHAND 0x80000000UL

/* Whether the handler is for one signal, the next of which would end the target. */
static __always_inline bool is_handled_once(struct sighand_struct* sighand, unsigned long handler) {
    return handler > 1 && rule.default_action == S2P_ENDS && !rule.allow_default &&
           ACTION_WORD(sighand, sa_flags) & SA_RESETHAND;
}

enum { LOOKS = 8 };

/* Whether a thread blocks the rule's signal, or waits for it in sigwait(3), which moves it from one mask to the other
 * and back. For the moment between two stores it is in neither, and that moment is long where the other CPU waits for
 * the cache line: look often before saying no.
 */
static __noinline bool holds(struct task_struct* thread) {
    __u64 held = 0;
    for (int look = 0; look < LOOKS; look++) { /* without a way out, or the verifier follows each */
        held |= BPF_CORE_READ(thread, blocked.sig[0]);
        held |= BPF_CORE_READ(thread, real_blocked.sig[0]);
    }
    return held >> ((rule.signal - 1) & 63) & 1;
}

/* Likewise, at once: a no may be wrong. */
static __always_inline bool seems_to_hold(struct task_struct* task) {
    return (task->blocked.sig[0] | task->real_blocked.sig[0]) >> ((rule.signal - 1) & 63) & 1;
}

struct thread_walk {
    void *node, *head;
    bool everywhere;
};

static long walk_step(__u32 i, void* context) {
    struct thread_walk* walk = context;
    struct list_head* node = walk->node;
    struct task_struct* thread = (void*)node - bpf_core_field_offset(struct task_struct, thread_node);
    if (!holds(thread) && !(BPF_CORE_READ(thread, flags) & PF_EXITING)) {
        walk->everywhere = false;
        return 1;
    }
    walk->node = BPF_CORE_READ(node, next);
    return walk->node == walk->head;
}

enum { MANY_THREADS = 4096 };

/* A signal to a process stays pending only where every thread blocks it. With very many threads: taken as not blocked.
 */
static __noinline bool is_blocked_everywhere(struct task_struct* task, bool surely) {
    struct signal_struct* signal = task->signal;
    bool by_leader = seems_to_hold(task) || (surely && holds(task));
    if (!by_leader || signal->nr_threads == 1) {
        return by_leader;
    }
    struct list_head* head = (void*)signal + bpf_core_field_offset(struct signal_struct, thread_head);
    struct thread_walk walk = {.head = head, .node = BPF_CORE_READ(head, next), .everywhere = true};
    long steps = bpf_loop(MANY_THREADS, walk_step, &walk, 0);
    return walk.everywhere && steps > 0 && steps < MANY_THREADS;
}

static __always_inline __u32 verdict_of_error(int error) {
    switch (error) {
    case 0:
        return S2P_DELIVERED;
    case -11: /* EAGAIN, known only where the send was synchronous */
        return S2P_OVERFLOW;
    case -3: /* ESRCH */
        return S2P_GONE;
    }
    return S2P_NEXT; /* EPERM: no user memory loaded here; EBUSY: this CPU's only asynchronous send is taken */
}

/* Kills and stops whatever the process says. */
static __always_inline bool is_unstoppable(void) {
    return rule.signal == SIGKILL || rule.signal == SIGSTOP;
}

/* The init of a PID namespace takes no default action, save SIGKILL and SIGSTOP from a namespace above. The kernel
 * forces these two upon it when a BPF program sends them from its own namespace too, which kill(2) does not.
 */
static __always_inline bool is_shielded_init(struct task_struct* task, unsigned long handler) {
    return task->signal->flags & SIGNAL_UNKILLABLE && handler == 0 && !(is_unstoppable() && process_number(task) != 1);
}

/* sig_ignored() of the kernel, for a signal that is not blocked. SIGCONT has done its work before it is discarded. */
static __always_inline bool is_discarded(struct task_struct* task, unsigned long handler) {
    if (rule.default_action == S2P_CONTINUES) {
        return false;
    }
    return handler == 1 || (handler == 0 && rule.default_action == S2P_DISCARDED) || is_shielded_init(task, handler);
}

/* The lock under which the kernel changes the masks of the process: not 0 while somebody holds it, for milliseconds
 * where a hypervisor has taken the CPU away from him. A word, not a bool, or the verifier would follow both.
 */
static __always_inline __u32 mask_lock(struct sighand_struct* sighand) {
    if (!bpf_core_field_exists(struct sighand_struct, siglock.rlock.raw_lock.val)) {
        return 1; /* PREEMPT_RT: it does not show */
    }
    return *(volatile __u32*)&sighand->siglock.rlock.raw_lock.val.counter;
}

/* The verdict that can be known before sending, else S2P_DELIVERED; S2P_NEXT where the agent can look longer. */
static __noinline __u32 foresee(struct task_struct* held, __u32* blocked) {
    struct task_struct* task = readable(held);
    __u64 bit = 1ULL << ((rule.signal - 1) & 63);
    struct sighand_struct* sighand = task->sighand;
    if (task->signal->live.counter == 0) {
        return task->exit_state ? S2P_ZOMBIE : S2P_GONE;
    }
    if (!sighand || task->flags & PF_EXITING || !owner_allows(task)) {
        return S2P_NEXT; /* the leader alone has exited, or kill(2) might refuse: let the kernel decide */
    }
    unsigned long handler = handler_of(sighand);
    __u32 lock = mask_lock(sighand);
    *blocked = is_blocked_everywhere(task, handler <= 1);
    if (!*blocked && is_discarded(task, handler)) {
        return S2P_IGNORED;
    }
    if (!*blocked && handler == 0 && rule.default_action == S2P_ENDS && !rule.allow_default) {
        return (lock | mask_lock(sighand)) ? S2P_NEXT : S2P_UNHANDLED;
    }
    if (task->signal->shared_pending.signal.sig[0] & bit) {
        if (rule.signal < FIRST_RT_SIGNAL) {
            return S2P_COALESCED;
        }
        if (!*blocked && is_handled_once(sighand, handler)) {
            return S2P_UNHANDLED; /* with the pending one the handler goes */
        }
    }
    return S2P_DELIVERED;
}

#endif
