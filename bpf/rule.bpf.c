// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One rule: an event comes in, is matched, and the signal leaves. Only the program of the rule's event is loaded. */
#include "predicate.bpf.h"

#include "deliver.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __noinline void fill_field(struct occurrence* event, struct s2p_match* report, __u32 i) {
    const volatile struct s2p_field* field = &rule.field[i & (S2P_MAX_FIELDS - 1)];
    void* place = (void*)(report + 1) + field->at;
    __u32 zero = 0;
    if (field->room == 8 && (field->source == S2P_RECORD_INT || field->source == S2P_OWN_INT ||
                             (field->source >= S2P_TIME && field->source <= S2P_UID))) {
        *(__u64*)place = load_int(event, field, 0);
        return;
    }
    if (field->source == S2P_RECORD_INTS) {
        bpf_probe_read_kernel(place, field->elements * field->size, event->record + field->offset);
        return;
    }
    struct scratch* scratch = bpf_map_lookup_elem(&scratches, &zero);
    if (!scratch || load_string(event, i, scratch->text[0]) < 1) {
        report->unreadable |= 1ULL << (i & 63);
        *(__u8*)place = 0;
        return;
    }
    bpf_probe_read_kernel_str(place, field->room, scratch->text[0]);
}

static __noinline void account(__u32 rung, __u32 verdict, bool reported) {
    struct s2p_counters* counter = count();
    if (!counter) {
        return;
    }
    if (verdict < S2P_VERDICTS) {
        count_verdict(rung, verdict);
        if (!reported && !rule.quiet) {
            __sync_fetch_and_add(&counter->unreported, 1);
        }
    } else if (verdict == S2P_NEXT) {
        __sync_fetch_and_add(reported ? &counter->handed_over : &counter->lost, 1);
    }
}

/* A send is queued that the agent does not know of, so it could not take it back from a target that does not run. If it
 * is done already it has its own account.
 */
static __always_inline void forget_queued(const struct s2p_match* match) {
    struct s2p_counters* counter = count();
    if (HAS_RUNG(S2P_TASK_WORK) && match->verdict == S2P_PENDING && take_back(match->slot, match->seq) && counter) {
        __sync_fetch_and_add(&counter->lost, 1);
    }
}

/* Tells the agent of a match; a full ring buffer is counted. */
static __always_inline void report(struct occurrence* event, struct s2p_match* match) {
    if (match->verdict == S2P_NEXT) {
        match->rung = S2P_PIDFD;
    }
    if (rule.quiet && match->verdict < S2P_VERDICTS) {
        account(match->rung, match->verdict, false);
        return;
    }
    struct s2p_match* out = bpf_ringbuf_reserve(&reports, sizeof(*out) + rule.payload, 0);
    if (!out) {
        account(match->rung, match->verdict, false);
        forget_queued(match);
        return;
    }
    *out = *match;
    /* Read back, so that to the verifier they may be anything: it would look at all that follows for each value. */
    __u32 rung = *(volatile __u32*)&out->rung;
    __u32 verdict = *(volatile __u32*)&out->verdict;
    for (__u32 i = 0; i < S2P_MAX_FIELDS && i < rule.fields; i++) {
        fill_field(event, out, i);
    }
    bpf_ringbuf_submit(out, 0);
    account(rung, verdict, true); /* last: whoever sees the account complete finds every report in the ring */
}

static __always_inline bool take(struct s2p_match* match) {
    match->seq = __sync_fetch_and_add(&state.seq, 1) + 1;
    return !rule.count || match->seq <= rule.count;
}

static __always_inline bool by_agent(void) {
    return rule.skip_thread && thread_number(bpf_get_current_task_btf()) == rule.skip_thread;
}

static __always_inline void count_unjudged(void) {
    struct s2p_counters* counter = count();
    if (counter) {
        __sync_fetch_and_add(&counter->unjudged, 1);
    }
}

static __noinline int handle(struct occurrence* event) {
    struct s2p_match match = {.kind = S2P_MATCH};
    long matched = matches(event);
    if (!matched || by_agent()) {
        return 0;
    }
    if (matched < 0) {
        count_unjudged();
        return 0;
    }
    if (!take(&match)) {
        return 0;
    }
    match.time = time_of(event);
    match.value = value_for(event, match.seq);
    if (!within_limit()) {
        match.verdict = S2P_LIMITED;
    } else if (rule.target == S2P_PINNED) {
        send_to_pinned(&match);
    } else {
        send_to_named(event, &match);
    }
    report(event, &match);
    return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task, int old_pid, struct linux_binprm* binprm) {
    struct occurrence event = {.subject = task, .text = BPF_CORE_READ(binprm, filename)};
    (void)old_pid;
    return handle(&event);
}

/* Kernels before 6.16 do not say which thread is the last: the first to see no thread left alive speaks for the
 * process. */
struct exited {
    __u32 tgid, unused;
    __u64 start;
};
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct exited);
    __type(value, __u8);
} exits SEC(".maps");

static __always_inline bool is_last_thread(struct task_struct* task, bool group_dead) {
    if (rule.exit_has_group_dead) {
        return group_dead;
    }
    if (BPF_CORE_READ(task, signal, live.counter) != 0) {
        return false;
    }
    struct exited key = {.tgid = BPF_CORE_READ(task, tgid), .start = BPF_CORE_READ(task, group_leader, start_boottime)};
    __u8 value = 0;
    return bpf_map_update_elem(&exits, &key, &value, BPF_NOEXIST) == 0;
}

SEC("tp_btf/sched_process_exit")
int on_exit(__u64* ctx) {
    struct task_struct* task = (void*)ctx[0];
    if (!is_last_thread(task, rule.exit_has_group_dead ? ctx[1] & 1 : 0)) {
        return 0;
    }
    struct task_struct* leader = task->group_leader;
    struct occurrence event = {.subject = leader};
    /* what wait(2) will tell: the group's code, or else the leader's own */
    int status = BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT ? BPF_CORE_READ(task, signal, group_exit_code)
                                                                        : BPF_CORE_READ(leader, exit_code);
    event.own[0] = status >> 8 & 0xff;
    event.own[1] = status & 0x7f;
    event.own[2] = status >> 7 & 1;
    return handle(&event);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child) {
    struct occurrence event = {.subject = parent};
    if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid)) {
        return 0; /* a thread, not a process */
    }
    event.own[0] = process_number(child);
    return handle(&event);
}

enum { COUNTER_DEPTH = 16, CHARGE_BATCH = 64 };

/* The kernel does not say whose limit was hit, but a memory cgroup kills only when it, or one above it, is full. */
static __always_inline bool cgroup_is_full(struct task_struct* task) {
    int id = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
    void* css = 0;
    void* place = (void*)BPF_CORE_READ(task, cgroups) + bpf_core_field_offset(struct css_set, subsys) + 8 * id;
    bpf_probe_read_kernel(&css, sizeof(css), place);
    struct page_counter* counter = css ? css + bpf_core_field_offset(struct mem_cgroup, memory) : 0;
    for (int i = 0; i < COUNTER_DEPTH && counter; i++) {
        if (BPF_CORE_READ(counter, usage.counter) + CHARGE_BATCH >= (__s64)BPF_CORE_READ(counter, max)) {
            return true;
        }
        counter = BPF_CORE_READ(counter, parent);
    }
    return false;
}

enum { PAGE_KB = 4 };

#define RESIDENT(mm, kind)                                                                                             \
    (bpf_core_type_exists(struct mm_rss_stat)                                                                          \
         ? BPF_CORE_READ((struct mm_struct___before_6_2*)(mm), rss_stat.count[kind].counter)                           \
         : BPF_CORE_READ((struct mm_struct*)(mm), rss_stat[kind].count))

/* Resident memory, within the kernel's per-CPU batches. */
static __always_inline __u64 resident_kb(struct task_struct* task) {
    struct mm_struct* mm = BPF_CORE_READ(task, mm);
    if (!mm) {
        return 0;
    }
    __s64 pages = RESIDENT(mm, 0) + RESIDENT(mm, 1) + RESIDENT(mm, 3); /* 2 counts swapped pages */
    return pages > 0 ? pages * PAGE_KB : 0;
}

SEC("tp_btf/mark_victim")
int on_oom_kill(__u64* ctx) {
    struct task_struct* task = (void*)ctx[0];
    struct occurrence event = {.subject = task};
    if (!task) {
        return 0;
    }
    event.own[0] = resident_kb(task);
    event.own[1] = !cgroup_is_full(task);
    return handle(&event);
}

/* Faults that the kernel forces upon the task itself bear the same code as the signals of BPF programs. */
static __always_inline bool is_forced(int sig) {
    const __u64 forced =
        1ULL << 3 | 1ULL << 4 | 1ULL << 5 | 1ULL << 6 | 1ULL << 7 | 1ULL << 8 | 1ULL << 10 | 1ULL << 30;
    return sig > 0 && sig <= 31 && forced >> (sig - 1) & 1; /* ILL TRAP ABRT BUS FPE KILL SEGV SYS */
}

/* A rule must not be set off by what it sends itself, nor two rules by each other: in the kernel that never ends. */
static __always_inline bool is_ours(int sig, int code, bool has_info) {
    if (has_info && code == SI_KERNEL && !is_forced(sig)) {
        return true;
    }
    return sig == (int)rule.signal && ((has_info && code == SI_KERNEL) || by_agent());
}

/* Only a signal that a process asked for has a sender: timers and interrupts run in whatever task was there. */
static __always_inline __u64 sender_of(int sig, int code) {
    bool by_process = code == 0 || code == -1 || code <= -6 || (sig == SIGCHLD && code > 0 && code < SI_KERNEL);
    return by_process ? process_number(bpf_get_current_task_btf()) : 0;
}

SEC("tp_btf/signal_generate")
int on_signal(__u64* ctx) {
    int sig = ctx[0];
    unsigned long info = ctx[1];
    struct task_struct* task = (void*)ctx[2];
    /* 0 and 1 are the kernel's short forms of kill(2) and of its own signals */
    int code = info == 0 ? 0 : info == 1 ? SI_KERNEL : BPF_CORE_READ((struct kernel_siginfo*)info, si_code);
    if (!task || is_ours(sig, code, info > 1)) {
        return 0;
    }
    struct occurrence event = {.subject = task, .own = {sig, (__s64)code, 0}};
    event.own[2] = sender_of(sig, code);
    return handle(&event);
}

SEC("tracepoint")
int on_record(void* ctx) {
    struct occurrence event = {.record = ctx, .subject = bpf_get_current_task_btf()};
    return handle(&event);
}

/* Pins the target, and judges it: a thread that waits in sigwait(3) shows its signals as unblocked in /proc, but not
 * here. The agent holds the pidfd and looks afterwards that the target lives, so its number cannot have moved on.
 */
SEC("syscall")
int bind_target(struct s2p_bind* arguments) {
    struct task_struct* task = bpf_task_from_vpid(arguments->pid);
    __u32 blocked = 0;
    if (!task) {
        return -3; /* ESRCH */
    }
    arguments->verdict = foresee(task, &blocked);
    return pin_task(task);
}

/* An exec by another thread puts that thread in the leader's place: follow it, or the pin names a task that is gone. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(follow_exec, struct task_struct* task, int old_pid) {
    struct task_struct* pinned = pinned_task();
    if (!pinned) {
        return 0;
    }
    /* processes share nothing so long-lived as their signal_struct, and the reference keeps it from being used again */
    bool same = BPF_CORE_READ(pinned, signal) == BPF_CORE_READ(task, signal) && pinned != task;
    bpf_task_release(pinned);
    (void)old_pid;
    if (same) {
        struct task_struct* leader = bpf_task_acquire(task);
        if (leader) {
            pin_task(leader);
        }
    }
    return 0;
}

/* Takes a queued send back from a target that does not run, so that the agent may send instead. 1: taken. */
SEC("syscall")
int claim_slot(struct s2p_claim* claim) {
    __u32 index = claim->slot & (S2P_TASK_WORKS - 1);
    struct slot* slot = bpf_map_lookup_elem(&slots, &index);
    if (!claim->target_gone) {
        return take_back(index, claim->seq);
    }
    return slot && advance(slot, SLOT_WORD(claim->seq, SLOT_CLAIMED), SLOT_FREE);
}
