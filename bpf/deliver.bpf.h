/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the signal leaves: the rungs direct and task-work, the hand-over to the agent for the rung pidfd, and the
 * account of it all. A match that a rung could not deliver falls to the next, once; each ends in one verdict.
 */
#ifndef SIG2PID_DELIVER_BPF_H
#define SIG2PID_DELIVER_BPF_H

#include "fields.bpf.h"
#include "target.bpf.h"

typedef int task_work_callback(struct bpf_map* map, void* key, void* value);
/* 6.18; the plain name from 7.0 on, where the kernel fills in the last argument itself */
extern int bpf_task_work_schedule_signal_impl(struct task_struct* task, struct bpf_task_work* work, void* map,
                                              task_work_callback* callback, void* aux) __ksym __weak;
extern int bpf_task_work_schedule_signal(struct task_struct* task, struct bpf_task_work* work, void* map,
                                         task_work_callback* callback) __ksym __weak;

const volatile __u32 task_work_is_impl = 1; /* which of the two names this kernel has */

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} reports SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct s2p_counters);
} counters SEC(".maps");

/* Shared by all CPUs. */
struct {
    __u64 seq;        /* matches taken */
    __u64 limit_head; /* signals let through, but for one whose place is just being taken */
    __u64 limit_times[S2P_MAX_LIMIT];
} state = {};

/* What a slot holds, in one word, so that nobody takes back a later match's send for his own: the sequence number of
 * the match, and in the lowest bits how far it has come. 0: free.
 */
enum { SLOT_FREE = 0, SLOT_QUEUED = 1, SLOT_CLAIMED = 2, SLOT_BITS = 2 };
#define SLOT_WORD(seq, stage) ((seq) << SLOT_BITS | (stage))

struct slot {
    struct bpf_task_work work;
    __u64 state, value;
    __u32 index;
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, S2P_TASK_WORKS);
    __type(key, __u32);
    __type(value, struct slot);
} slots SEC(".maps");

static __always_inline struct s2p_counters* count(void) {
    __u32 zero = 0;
    return bpf_map_lookup_elem(&counters, &zero);
}

static __always_inline void count_verdict(__u32 rung, __u32 verdict) {
    struct s2p_counters* counter = count();
    if (counter && rung < S2P_RUNGS && verdict < S2P_VERDICTS) {
        __sync_fetch_and_add(&counter->verdict[rung][verdict], 1);
    }
}

#define HAS_RUNG(rung) (rule.rungs & (1U << (rung)))

static __always_inline __u32 send_direct(struct task_struct* task, struct s2p_match* match) {
    if (rule.signal >= FIRST_RT_SIGNAL && queue_nearly_full(task)) {
        return S2P_NEXT;
    }
    match->error = bpf_send_signal_task(task, rule.signal, PIDTYPE_TGID, match->value);
    return verdict_of_error(match->error);
}

static __always_inline void describe_target(struct task_struct* task, struct s2p_match* match) {
    struct pid* pid = process_pid(task);
    match->target_pid = process_number(task);
    match->target_start = BPF_CORE_READ(task, group_leader, start_boottime);
    if (pid && bpf_core_field_exists(struct pid, ino)) {
        match->target_inode = BPF_CORE_READ(pid, ino);
    }
}

/* After the report is in the ring: whoever sees the account complete finds every report there. */
static __always_inline void account_done(const struct s2p_match* done, bool reported) {
    struct s2p_counters* counter = count();
    count_verdict(S2P_TASK_WORK, done->verdict);
    if (counter && !reported) {
        __sync_fetch_and_add(done->verdict == S2P_NEXT ? &counter->lost : &counter->unreported, 1);
    }
}

static __always_inline bool advance(struct slot* slot, __u64 from, __u64 to) {
    return __sync_val_compare_and_swap(&slot->state, from, to) == from;
}

/* Runs in the target itself, on its way to user mode, so the send is synchronous and its errors are true. */
static int in_target(struct bpf_map* map, void* key, void* value) {
    struct slot* slot = value;
    struct task_struct* task = bpf_get_current_task_btf();
    struct s2p_match done = {.kind = S2P_DONE, .rung = S2P_TASK_WORK};
    (void)map;
    (void)key;
    done.seq = *(volatile __u64*)&slot->state >> SLOT_BITS;
    done.slot = slot->index;
    done.value = slot->value;
    if (!advance(slot, SLOT_WORD(done.seq, SLOT_QUEUED), SLOT_FREE)) {
        slot->state = SLOT_FREE; /* it was taken back: nothing may be sent twice */
        return 0;
    }
    describe_target(task, &done);
    done.verdict = foresee(task, &done.blocked);
    if (done.verdict == S2P_DELIVERED) {
        done.error = bpf_send_signal_task(task, rule.signal, PIDTYPE_TGID, done.value);
        done.verdict = verdict_of_error(done.error);
    }
    account_done(&done, bpf_ringbuf_output(&reports, &done, sizeof(done), 0) == 0);
    return 0;
}

static __always_inline int schedule(struct task_struct* task, struct slot* slot) {
    if (task_work_is_impl) {
        return bpf_task_work_schedule_signal_impl(task, &slot->work, &slots, in_target, 0);
    }
    return bpf_task_work_schedule_signal(task, &slot->work, &slots, in_target);
}

static __always_inline __u32 send_by_task_work(struct task_struct* task, struct s2p_match* match) {
    __u32 index = match->seq & (S2P_TASK_WORKS - 1);
    struct slot* slot = bpf_map_lookup_elem(&slots, &index);
    if (!slot || BPF_CORE_READ(task, flags) & PF_EXITING ||
        !advance(slot, SLOT_FREE, SLOT_WORD(match->seq, SLOT_CLAIMED))) {
        return S2P_NEXT;
    }
    slot->value = match->value;
    slot->index = index;
    match->slot = index;
    slot->state = SLOT_WORD(match->seq, SLOT_QUEUED);
    match->error = schedule(task, slot);
    if (match->error) {
        slot->state = SLOT_FREE;
        return S2P_NEXT;
    }
    return S2P_PENDING;
}

/* Takes a queued send back. False: the target has run and done it. */
static __always_inline bool take_back(__u32 index, __u64 seq) {
    __u32 key = index & (S2P_TASK_WORKS - 1);
    struct slot* slot = bpf_map_lookup_elem(&slots, &key);
    return slot && advance(slot, SLOT_WORD(seq, SLOT_QUEUED), SLOT_WORD(seq, SLOT_CLAIMED));
}

/* What the agent need not see once more of a target that foresee() expects the signal to be delivered to. */
static __always_inline __u32 look_of(struct task_struct* held, __u32 blocked) {
    struct sighand_struct* sighand = readable(held)->sighand;
    if (sighand && !blocked && is_handled_once(sighand, handler_of(sighand))) {
        return S2P_ONCE;
    }
    return queue_nearly_full(held) ? S2P_NEARLY_FULL : S2P_ROOM;
}

/* Judges the target, then tries the kernel's rungs in turn; what is left is the agent's. */
static __always_inline void send_in_kernel(struct task_struct* task, struct s2p_match* match) {
    match->verdict = foresee(task, &match->blocked);
    if (match->verdict != S2P_DELIVERED) {
        return;
    }
    match->verdict = S2P_NEXT;
    if (HAS_RUNG(S2P_DIRECT)) {
        match->rung = S2P_DIRECT;
        match->verdict = send_direct(task, match);
    }
    if (match->verdict == S2P_NEXT && HAS_RUNG(S2P_TASK_WORK)) {
        match->rung = S2P_TASK_WORK;
        match->verdict = send_by_task_work(task, match);
    }
    if (match->verdict == S2P_NEXT) {
        match->looked = look_of(task, match->blocked);
    }
}

/* `current`, `subject` and `parent`. */
static __always_inline struct task_struct* named_task(struct occurrence* event) {
    switch (rule.target) {
    case S2P_SUBJECT:
        return event->subject;
    case S2P_PARENT:
        return event->subject->real_parent;
    }
    return bpf_get_current_task_btf();
}

/* Before 6.13. Older verifiers cannot walk the threads (see struct globbing), so several are the agent's to judge. */
static __always_inline void send_to_current(struct task_struct* task, struct s2p_match* match) {
    if (BPF_CORE_READ(task, signal, nr_threads) != 1) {
        return;
    }
    match->rung = S2P_DIRECT;
    match->verdict = foresee(task, &match->blocked);
    if (match->verdict == S2P_DELIVERED) {
        match->error = bpf_send_signal(rule.signal);
        match->verdict = verdict_of_error(match->error);
    }
}

static __always_inline void send_to_named(struct occurrence* event, struct s2p_match* match) {
    struct task_struct* task = named_task(event);
    match->verdict = S2P_GONE;
    if (!task) {
        return;
    }
    describe_target(task, match);
    match->error = denial_of(task);
    if (match->error) {
        match->verdict = S2P_DENIED;
        return;
    }
    match->verdict = S2P_NEXT;
    if (!rule.can_look) {
        if (rule.target == S2P_CURRENT && HAS_RUNG(S2P_DIRECT)) {
            send_to_current(task, match);
        }
        return;
    }
    bpf_rcu_read_lock();
    struct task_struct* leader = task->group_leader;
    struct task_struct* held = leader ? bpf_task_acquire(leader) : 0;
    bpf_rcu_read_unlock();
    if (held) {
        send_in_kernel(held, match);
        bpf_task_release(held);
    }
}

static __always_inline void send_to_pinned(struct s2p_match* match) {
    match->verdict = S2P_NEXT;
    if (!rule.can_look) {
        return;
    }
    struct task_struct* task = pinned_task();
    if (task) {
        send_in_kernel(task, match);
        bpf_task_release(task);
    }
}

enum { LIMIT_TRIES = 16 };

/* At most `limit` signals in any `limit_ns`: the times of the last ones in a ring, taken without a lock. The lowest bit
 * of a time says in which round of the ring it was written: who finds his own round there was overtaken by one who has
 * not moved the head yet, and does it for him.
 */
static __always_inline bool within_limit(void) {
    if (!rule.limit) {
        return true;
    }
    for (int tries = 0; tries < LIMIT_TRIES; tries++) {
        __u64 head = *(volatile __u64*)&state.limit_head;
        __u64* place = &state.limit_times[(head % rule.limit) & (S2P_MAX_LIMIT - 1)];
        __u64 oldest = *(volatile __u64*)place;
        __u64 round = (head / rule.limit + 1) & 1;
        __u64 now = bpf_ktime_get_boot_ns(); /* here, and signed, as the other CPU may have stored a later one */
        if ((oldest & 1) == round) {
            __sync_val_compare_and_swap(&state.limit_head, head, head + 1);
            continue;
        }
        if (oldest && (__s64)(now - oldest) < (__s64)rule.limit_ns) {
            return false;
        }
        if (__sync_val_compare_and_swap(place, oldest, (now & ~1ULL) | round) == oldest) {
            __sync_val_compare_and_swap(&state.limit_head, head, head + 1);
            return true;
        }
    }
    return false;
}

static __always_inline __u64 value_for(struct occurrence* event, __u64 seq) {
    switch (rule.value_kind) {
    case S2P_VALUE_FIELD:
        return load_int(event, &rule.field[rule.value_field & (S2P_MAX_FIELDS - 1)], rule.value_from);
    case S2P_VALUE_SEQ:
        return seq;
    }
    return rule.value;
}

#endif
