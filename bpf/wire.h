/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the BPF programs and the engine say to each other. A rule goes in as read-only data before the program is
 * loaded, so the verifier knows every constant and removes what the rule does not use; matches come out of a ring
 * buffer.
 */
#ifndef SIG2PID_WIRE_H
#define SIG2PID_WIRE_H

#include <linux/types.h>

enum {
    S2P_MAX_FIELDS = 64,
    S2P_MAX_TERMS = 32,
    S2P_MAX_STRING = 256, /* a string field with its NUL; also the longest literal */
    S2P_COMM = 16,
    S2P_TEXT_POOL = 4096, /* string literals of one rule, each padded to 8 bytes */
    S2P_MAX_GLOBS = 1024, /* glob tokens of one rule */
    S2P_MAX_SETS = 8,     /* [...] sets of one rule */
    S2P_OWN_FIELDS = 4,   /* integers that only one event has */
    S2P_TASK_WORKS = 64,  /* sends queued onto targets at the same time */
    S2P_MAX_ANCESTORS = 32,
    S2P_MAX_LIMIT = 4096, /* N of a rate limit N/DUR */
    S2P_ACCEPT = 0xffff,
    S2P_REJECT = 0xfffe,
};

/* Where the value of a field comes from. */
enum s2p_source {
    S2P_RECORD_INT = 1, /* integer in the tracepoint's record */
    S2P_RECORD_CHARS,   /* char array in the record */
    S2P_RECORD_INTS,    /* array of integers in the record */
    S2P_RECORD_LOC,     /* __data_loc: offset and length of a string at the record's end */
    S2P_RECORD_REL_LOC, /* __rel_loc: likewise, the offset counted from behind the field (5.17) */
    S2P_RECORD_USER,    /* pointer in the record to a string of the current process */
    S2P_RECORD_KERNEL,  /* pointer in the record to a string of the kernel */
    S2P_OWN_INT,        /* nth of the event's own integers */
    S2P_OWN_TEXT,       /* the event's own string */
    S2P_TIME,
    S2P_PID,
    S2P_TID,
    S2P_PPID,
    S2P_UID,
    S2P_COMM_TEXT,
    S2P_CGROUP,
};

struct s2p_field {
    __u16 source;    /* enum s2p_source */
    __u16 offset;    /* in the tracepoint's record, or index of an own integer */
    __u16 size;      /* bytes in the record; of an array's element */
    __u16 is_signed; /* sign-extend to 64 bits */
    __u16 elements;  /* of an array */
    __u16 at;        /* where the value goes in a match's payload */
    __u16 room;      /* bytes there: 8 for an integer, else the string's or all elements', in eights */
};

enum s2p_op { S2P_EQUAL = 0, S2P_LESS, S2P_LESS_EQUAL, S2P_GLOB };

/* One decision. The next term is on_true or on_false: a larger index, S2P_ACCEPT or S2P_REJECT. */
struct s2p_term {
    __u8 op;
    __u8 is_string;
    __u8 is_signed;
    __u8 has_other; /* compare with another field, not with value */
    __u16 field, other;
    __u16 on_true, on_false;
    __u16 text, length; /* literal in the text pool, length without NUL; for a glob the first token and their number */
    __u16 from, other_from; /* of an array's element: bytes from the beginning of field and other */
    __u64 mask, value;
};

enum { S2P_GLOB_LITERAL = 0, S2P_GLOB_ANY, S2P_GLOB_STAR, S2P_GLOB_SET };
struct s2p_glob {
    __u8 kind, arg;
};

enum s2p_target { S2P_PINNED = 0, S2P_CURRENT, S2P_SUBJECT, S2P_PARENT };
enum s2p_value { S2P_VALUE_CONSTANT = 0, S2P_VALUE_FIELD, S2P_VALUE_SEQ };
enum s2p_rung { S2P_DIRECT = 0, S2P_TASK_WORK, S2P_PIDFD, S2P_RUNGS };

/* Verdicts, in the order of sig2pid::Verdict; then what only the kernel side knows. */
enum s2p_verdict {
    S2P_DELIVERED = 0,
    S2P_COALESCED,
    S2P_IGNORED,
    S2P_UNHANDLED,
    S2P_OVERFLOW,
    S2P_GONE,
    S2P_DENIED,
    S2P_ZOMBIE,
    S2P_LIMITED,
    S2P_VERDICTS,
    S2P_PENDING = 100, /* the rung reports later, or the agent has to send */
    S2P_NEXT = 101,    /* this rung cannot: try the next */
};

/* Why a target was refused in the kernel (struct s2p_match.error when the verdict is S2P_DENIED). */
enum s2p_denial { S2P_DENIED_KTHREAD = 1, S2P_DENIED_INIT, S2P_DENIED_SELF, S2P_DENIED_NAMESPACE };

/* What the signal's default action does to its target. */
enum s2p_default { S2P_ENDS = 0, S2P_STOPS, S2P_CONTINUES, S2P_DISCARDED };

struct s2p_rule {
    __u32 signal;
    __u32 default_action; /* enum s2p_default */
    __u32 allow_default;  /* 1: send even where the default action ends the target */
    __u32 rungs;          /* bit of each enum s2p_rung that may be used */
    __u32 target;         /* enum s2p_target */
    __u32 quiet;          /* 1: report only what the agent must act upon */
    __u32 value_kind;     /* enum s2p_value */
    __u32 value_field;
    __u64 value;
    __u64 count; /* stop matching after so many; 0: never */
    __u32 limit; /* at most so many signals in any limit_ns; 0: no limit */
    __u32 fields, terms;
    __u32 payload; /* bytes of all fields in a match */
    __u64 limit_ns;
    __u32 ns_inum;                      /* the inode of the agent's PID namespace */
    __u32 ns_is_initial;                /* 1: it is the machine's own, whose numbers a task has ready */
    __u32 agent;                        /* the agent's process id, as that namespace numbers it */
    __u32 ancestors[S2P_MAX_ANCESTORS]; /* the agent's nearest ancestors, likewise; 0 ends */
    __u32 can_look;    /* 1: the kernel can hold tasks, so the programs judge the target before any rung (6.13) */
    __u32 can_cast;    /* 1: the kernel has bpf_rdonly_cast (6.2) */
    __u32 skip_thread; /* what this thread does is no event: the agent's loop would set itself off; 0: none */
    __u32 check_uid;   /* 1: the agent has no CAP_KILL, so kill(2)'s uid rule holds */
    __u32 uid, euid;
    __u32 exit_has_group_dead; /* sched_process_exit says whether the whole process exits (6.16) */
    __u32 task_struct;         /* the kernel's BTF number of that type */
    __u32 value_from;          /* where value_field is an array: the element's bytes from its beginning */
    __u32 margin; /* places of a real-time queue kept free, because an asynchronous send cannot report a full one */
    struct s2p_field field[S2P_MAX_FIELDS];
    struct s2p_term term[S2P_MAX_TERMS];
};

struct s2p_literals {
    __u64 text[S2P_TEXT_POOL / 8];
    struct s2p_glob globs[S2P_MAX_GLOBS];
    __u64 sets[S2P_MAX_SETS][4];
};

enum { S2P_MATCH = 1, S2P_DONE = 2 };

/* What a process must be to be selected in the kernel; tasks.bpf.c. */
struct s2p_selection {
    char name[16] __attribute__((aligned(8))); /* all of comm, NUL-padded */
    __u32 has_name;                            /* 15 bytes may be the beginning of a longer one */
    __u32 has_uid, uid;
    __u32 group, session; /* in the agent's PID namespace; 0: any */
    __u32 zombies;        /* 1: they are meant too */
    __u32 places;         /* in the array of what was found */
};

struct s2p_found {
    __u32 pid; /* in the agent's PID namespace */
    __u32 verdict;
    __u64 inode; /* of its pidfd; 0 before 6.9 */
    __s32 error; /* errno of a refused send */
    __u32 blocked;
    char comm[16]; /* aligned to 8 */
};

/* What one pass came to. */
struct s2p_pass {
    __u32 found;
    __u32 is_full; /* there was no place left for more */
};

/* What the kernel knows of the target of a match that it hands over. */
enum s2p_look {
    S2P_NOT_LOOKED,
    S2P_ROOM,        /* it expects the signal, and its queue has room: the agent only has to send */
    S2P_NEARLY_FULL, /* it expects the signal; whether the queue has room the agent must see */
    S2P_ONCE         /* its handler is for one signal (SA_RESETHAND); whether one is pending the agent must see */
};

/* One match. The fields follow, where struct s2p_field.at says: integers of 64 bits, NUL-terminated strings. */
struct s2p_match {
    __u32 kind; /* S2P_MATCH, or S2P_DONE: the task-work rung's verdict on an earlier match, header only */
    __u32 rung;
    __u32 verdict;
    __s32 error; /* errno of a refused send, or enum s2p_denial */
    __u32 blocked;
    __u32 slot; /* of the task-work rung */
    __u64 seq;
    __u64 time; /* CLOCK_BOOTTIME, ns */
    __u64 value;
    __u32 target_pid; /* as the agent's PID namespace numbers it */
    __u32 looked;     /* enum s2p_look */
    __u64 unreadable; /* fields whose memory could not be read, a bit each */
    __u64 target_inode;
    __u64 target_start; /* CLOCK_BOOTTIME ns */
};

/* Counters, one set a CPU. */
struct s2p_counters {
    __u64 verdict[S2P_RUNGS][S2P_VERDICTS];
    __u64 handed_over; /* matches given to the agent for the pidfd rung */
    __u64 lost;        /* matches that should have gone to the agent, but the ring buffer was full */
    __u64 unreported;  /* matches with a verdict whose report found the ring buffer full */
    __u64 unjudged;    /* events the predicate could not judge: a string could not be read */
};

/* Arguments of the programs the agent runs. */
struct s2p_bind {
    __u32 pid;     /* as the agent's PID namespace numbers it */
    __u32 verdict; /* out: what a signal would come to now */
};
struct s2p_claim {
    __u64 seq;
    __u32 slot;
    __u32 target_gone; /* 1: no task work can come any more, the slot is free again */
};

#endif
