/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An event as its program saw it, and how the value of one of its fields is read. A field is read only where a rule
 * asks for it: its description is read-only data, so the verifier drops every other case of the switches below.
 */
#ifndef SIG2PID_FIELDS_BPF_H
#define SIG2PID_FIELDS_BPF_H

#include "identity.bpf.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "integers of records are widened as little-endian");

const volatile struct s2p_literals literals = {};

/* How far the comparison of a text has come. It is kept in a map, not on the stack: verifiers before 6.7 take the body
 * of bpf_loop() to run once, and hold what one round leaves on the stack for the result.
 */
struct globbing {
    __u32 at, token, end;
    __u32 star, mark; /* the last star's successor, and the place it was tried at; 0: no star yet */
    __u32 matched;
};

/* Strings under test. One a CPU is enough: the kernel never nests a tracing program in itself (it counts a miss). */
struct scratch {
    char text[2][2 * S2P_MAX_STRING]; /* twice the room, so that a bounded offset plus a whole string fits */
    struct globbing glob;
    __u32 differs; /* the two texts do */
};
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct scratch);
} scratches SEC(".maps");

struct occurrence {
    __u64 time;                  /* CLOCK_BOOTTIME, ns; 0: not read yet, see time_of() */
    void* record;                /* the tracepoint's record, for generic events */
    struct task_struct* subject; /* the task the event is about */
    const char* text;            /* the event's own string */
    __u64 own[S2P_OWN_FIELDS];   /* and integers */
};

static __always_inline __u64 widen(__u64 value, __u32 size, bool is_signed) {
    __u32 shift = (64 - 8 * size) & 63;
    return is_signed ? (__u64)((__s64)(value << shift) >> shift) : value;
}

static __always_inline __u64 record_int(struct occurrence* event, const volatile struct s2p_field* field, __u32 from) {
    __u64 value = 0;
    bpf_probe_read_kernel(&value, field->size & 15, event->record + field->offset + from);
    return widen(value, field->size, field->is_signed);
}

/* Read where it is first asked for, as most events match no rule and few conditions ask; then the same for all. */
static __always_inline __u64 time_of(struct occurrence* event) {
    if (!event->time) {
        event->time = bpf_ktime_get_boot_ns();
    }
    return event->time;
}

/* What every event says of its subject. Not inlined: one text for all the places that read it. */
static __noinline __u64 load_common(struct occurrence* event, __u32 source) {
    struct task_struct* subject = event->subject;
    switch (source) {
    case S2P_TIME:
        return time_of(event);
    case S2P_PID:
        return process_number(subject);
    case S2P_TID:
        return thread_number(subject);
    case S2P_PPID:
        return process_number(BPF_CORE_READ(subject, real_parent));
    case S2P_UID:
        return BPF_CORE_READ(subject, real_cred, uid.val);
    }
    return 0;
}

/* from: of an array, where the element begins in it; else 0. */
static __always_inline __u64 load_int(struct occurrence* event, const volatile struct s2p_field* field, __u32 from) {
    switch (field->source) {
    case S2P_RECORD_INT:
    case S2P_RECORD_INTS:
        return record_int(event, field, from);
    case S2P_OWN_INT:
        return event->own[field->offset & (S2P_OWN_FIELDS - 1)];
    }
    return load_common(event, field->source);
}

static __always_inline void* parent_of(void* node) {
    if (bpf_core_field_exists(struct kernfs_node, __parent)) {
        return BPF_CORE_READ((struct kernfs_node*)node, __parent);
    }
    return BPF_CORE_READ((struct kernfs_node___before_6_15*)node, parent);
}

enum { CGROUP_DEPTH = 16 };

/* The path of a task's cgroup in the v2 hierarchy. Returns the length with the NUL, or an error when it is too long. */
static __noinline long cgroup_path(struct task_struct* task, char* text) {
    const char* names[CGROUP_DEPTH] = {};
    void* node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
    void* parent = 0;
    for (int i = 0; i < CGROUP_DEPTH && node && (parent = parent_of(node)); i++) {
        names[i] = BPF_CORE_READ((struct kernfs_node*)node, name);
        node = parent;
    }
    if (node && parent_of(node)) {
        return -7; /* E2BIG: deeper than we look */
    }
    __u32 length = 0;
    for (int i = CGROUP_DEPTH - 1; i >= 0; i--) {
        if (!names[i]) {
            continue;
        }
        if (length >= S2P_MAX_STRING - 1) {
            return -7;
        }
        text[length & (S2P_MAX_STRING - 1)] = '/';
        length = (length + 1) & (S2P_MAX_STRING - 1);
        long copied = bpf_probe_read_kernel_str(text + length, S2P_MAX_STRING, names[i]);
        if (copied < 1) {
            return copied;
        }
        length += copied - 1;
    }
    if (length == 0) {
        text[length++] = '/';
        text[length] = 0;
    }
    return length < S2P_MAX_STRING ? (long)length + 1 : -7;
}

/* One byte more than a string may have: who gets it knows that the string goes on. */
enum { READ_SIZE = S2P_MAX_STRING + 1 };

static __always_inline long load_pointed(struct occurrence* event, const volatile struct s2p_field* field, char* text) {
    const void* from = 0;
    bpf_probe_read_kernel(&from, sizeof(from), event->record + field->offset);
    long length = field->source == S2P_RECORD_USER ? bpf_probe_read_user_str(text, READ_SIZE, from)
                                                   : bpf_probe_read_kernel_str(text, READ_SIZE, from);
    /* 6.1 and 6.12 count an empty string of user space as 0, without its NUL (strncpy_from_user_nofault). */
    if (length == 0) {
        text[0] = 0;
        length = 1;
    }
    return length;
}

static __always_inline long load_located(struct occurrence* event, const volatile struct s2p_field* field, char* text) {
    __u32 location = 0;
    bpf_probe_read_kernel(&location, sizeof(location), event->record + field->offset);
    __u32 from = field->source == S2P_RECORD_REL_LOC ? field->offset + sizeof(location) : 0;
    return bpf_probe_read_kernel_str(text, READ_SIZE, event->record + from + (location & 0xffff));
}

/* No byte behind the array, even if it is full and has no NUL. */
static __always_inline long load_chars(struct occurrence* event, const volatile struct s2p_field* field, char* text) {
    __u32 size = field->size < S2P_MAX_STRING ? field->size : S2P_MAX_STRING;
    return bpf_probe_read_kernel_str(text, size, event->record + field->offset);
}

/* Reads a string field into `text` (twice S2P_MAX_STRING bytes). Returns its length with the NUL, more than
 * S2P_MAX_STRING for one that goes on, or an error.
 */
static __noinline long load_string(struct occurrence* event, __u32 index, char* text) {
    const volatile struct s2p_field* field = &rule.field[index & (S2P_MAX_FIELDS - 1)];
    struct task_struct* subject = event->subject;
    switch (field->source) {
    case S2P_RECORD_CHARS:
        return load_chars(event, field, text);
    case S2P_RECORD_LOC:
    case S2P_RECORD_REL_LOC:
        return load_located(event, field, text);
    case S2P_RECORD_USER:
    case S2P_RECORD_KERNEL:
        return load_pointed(event, field, text);
    case S2P_OWN_TEXT:
        return bpf_probe_read_kernel_str(text, READ_SIZE, event->text);
    case S2P_COMM_TEXT:
        return bpf_probe_read_kernel_str(text, S2P_COMM, subject->comm);
    case S2P_CGROUP:
        return cgroup_path(subject, text);
    }
    return -22; /* EINVAL */
}

#endif
