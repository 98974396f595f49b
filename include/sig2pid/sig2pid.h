/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core of libsig2pid for C, and for languages that bind C: pin a process, signal it, wait for it, receive signals.
 *
 * A function that can fail returns 0 or more when it did what it says, and a negated errno value when not;
 * sig2pid_message() then has a sentence for a person. No function throws, exits, installs a handler or starts a
 * thread. Descriptors are close-on-exec. The calls on one process may come from several threads at once, but
 * sig2pid_close(); a receiver belongs to the thread that made it. Needs Linux 5.3; what needs more says so.
 * Functions and structures stay as they are: what is added later has names of its own.
 */
#ifndef SIG2PID_H
#define SIG2PID_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The names and types are C's. NOLINTBEGIN(readability-identifier-naming,modernize-*) */
#ifdef __cplusplus
extern "C" {
#endif

/*
 * What failed last in this thread, in one sentence; empty when nothing has. Valid until the next call that fails in
 * this thread.
 */
const char* sig2pid_message(void);

/* --- processes ------------------------------------------------------------------------------------------------- */

/*
 * A process, pinned: it never comes to mean another, however long it is kept. It holds one descriptor.
 */
typedef struct sig2pid_process sig2pid_process;

/*
 * Pins the process with this PID, a zombie too, and gives a handle for sig2pid_close().
 * -ESRCH: there is none. -EINVAL: 0, negative, or a thread's id. -ENOSYS: before Linux 5.3. -EPERM: a seccomp filter.
 */
int sig2pid_open(pid_t pid, sig2pid_process** process);

/*
 * Pins the process that a text names: "PID", a token "PID:INODE[:BOOT]", "pidfile:PATH" or "fd:N".
 * -ESRCH: it is gone, or its PID belongs to another by now. -EINVAL: not such a text, or one that may mean several.
 */
int sig2pid_open_target(const char* target, sig2pid_process** process);

/*
 * Pins the process of a pidfd, which stays the caller's. -EBADF: it is none. -ESRCH: reaped.
 */
int sig2pid_open_fd(int pidfd, sig2pid_process** process);

/*
 * Releases the handle and its descriptor; NULL is nothing to do.
 */
void sig2pid_close(sig2pid_process* process);

/*
 * The pidfd, which stays the handle's: readable in poll(2) when the process has exited.
 */
int sig2pid_fd(const sig2pid_process* process);

/*
 * The PID, as it was when pinned. For a person: never signal by it.
 */
pid_t sig2pid_pid(const sig2pid_process* process);

/*
 * Writes the token, "PID:INODE:BOOT", to find this very process again: sig2pid_open_target() reads it. Gives its
 * length; -ERANGE when that and the terminating NUL do not fit `size`. 64 bytes always do.
 */
int sig2pid_token(const sig2pid_process* process, char* buffer, size_t size);

/* --- sending --------------------------------------------------------------------------------------------------- */

/*
 * Sends a signal (1 to 64) as kill(2) does; 0 only asks whether that could be done. Success means that the kernel took
 * it: see sig2pid_deliver().
 * -ESRCH: reaped. -EPERM: not permitted; the message says why. -EINVAL: no such signal, or a PID namespace that is
 * neither ours nor below ours.
 */
int sig2pid_send(const sig2pid_process* process, int signal);

/*
 * Sends a signal with 64 bits of payload: the receiver's si_value, with si_code SI_QUEUE. Errors as sig2pid_send(), and
 * -EAGAIN: it is a real-time signal, and the target's queue is full. A standard signal arrives then without its
 * payload, and 0 is returned, for the kernel says nothing: sig2pid_deliver() looks before.
 */
int sig2pid_queue(const sig2pid_process* process, int signal, uint64_t value);

/* How an attempt to signal ended. More may be added at the end. */
enum sig2pid_verdict {
    SIG2PID_DELIVERED = 0, /* in the target's queue */
    SIG2PID_COALESCED = 1, /* a standard signal was pending already: the target sees one */
    SIG2PID_IGNORED = 2,   /* the target discards it */
    SIG2PID_OVERFLOW = 3,  /* the target's queue is full */
    SIG2PID_GONE = 4,      /* it has exited and was reaped */
    SIG2PID_DENIED = 5,    /* not permitted; the message says why */
    SIG2PID_ZOMBIE = 6     /* it has exited: nothing reaches it */
};

/*
 * Looks how the target stands to the signal, sends it, and gives the verdict: the system call returns success also for
 * signals that nobody will see. `value` may be NULL: no payload. `blocked`, which may be NULL, becomes 1 where a signal
 * that was delivered or coalesced stays pending, as the target blocks it (as users of signalfd and sigwait do), else 0.
 * -EINVAL: no such signal.
 */
int sig2pid_deliver(const sig2pid_process* process, int signal, const uint64_t* value, int* blocked);

/* --- waiting --------------------------------------------------------------------------------------------------- */

/* How a process ended. What is not known is -1, and both are when the kernel does not tell. */
struct sig2pid_exit {
    int code;   /* what it gave to exit(3), or -1 */
    int signal; /* what killed it, or -1 */
    int core;   /* 1: it dumped core */
};

/*
 * Waits for the exit of any process, a child or not: up to `timeout_ns` nanoseconds, 0 to look only, negative for ever;
 * or until `cancel_fd` (-1: none) is readable. 1: it has exited, and `how`, which may be NULL, is filled in. 0: the
 * time is over. -ECANCELED: cancel_fd is readable. A child is not reaped. How a process that is no child ended is known
 * from Linux 6.15, and before that as long as it is a zombie that one may read. -EBADF, -EPERM: cancel_fd is no
 * descriptor, or cannot be waited for.
 */
int sig2pid_wait(const sig2pid_process* process, int64_t timeout_ns, int cancel_fd, struct sig2pid_exit* how);

/* --- receiving ------------------------------------------------------------------------------------------------- */

/*
 * Receives signals in order, in the thread that makes it, where they are blocked meanwhile. Make it before other
 * threads start.
 */
typedef struct sig2pid_receiver sig2pid_receiver;

/* A signal as it arrived. */
struct sig2pid_signal {
    int signal;
    int code;         /* si_code */
    pid_t sender_pid; /* 0: the kernel, or a PID namespace above */
    uid_t sender_uid;
    int sender_trusted; /* 1: the kernel filled in the sender. 0: the sender did */
    int from_kernel;    /* 1: the kernel sent it, which no process can forge */
    uint64_t value;     /* the payload, 0 where there is none */
};

/*
 * Blocks `count` signals and receives them; gives a handle for sig2pid_receiver_close().
 * -EINVAL: SIGKILL, SIGSTOP, one of libc's own (32, 33), no signal at all, or a number that is none.
 */
int sig2pid_receiver_open(const int* signals, size_t count, sig2pid_receiver** receiver);

/*
 * Takes the next signal: waits up to `timeout_ns` nanoseconds, 0 not at all, negative for ever. 1: there is one.
 * 0: the time is over.
 */
int sig2pid_receive(sig2pid_receiver* receiver, int64_t timeout_ns, struct sig2pid_signal* signal);

/*
 * Readable in poll(2) while a signal is pending: then receive with timeout 0 until that gives 0. Do not read from it.
 */
int sig2pid_receiver_fd(const sig2pid_receiver* receiver);

/*
 * Unblocks the signals, of which those still pending take their usual course; NULL is nothing to do.
 */
void sig2pid_receiver_close(sig2pid_receiver* receiver);

#ifdef __cplusplus
}
#endif
/* NOLINTEND(readability-identifier-naming,modernize-*) */

#endif
