/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * sig2pid: what user space sees of the module.
 *
 * /proc/sig2pid takes lines "PID SIG [VALUE]\n", one or several a write(2), and sends a signal
 * for each, in order. The byte count returned covers the lines that were sent; the error of the
 * first line that was not sent is returned by the write that begins with it.
 *
 * /dev/sig2pid: one descriptor, one subscription, to a channel that some module announced:
 *
 *	struct sig2pid_subscribe wish = { .channel = "NAME", .signal = SIGRTMIN + 3 };
 *
 *	fd = open("/dev/sig2pid", O_RDONLY | O_CLOEXEC);
 *	ioctl(fd, SIG2PID_SUBSCRIBE, &wish);
 *
 * Each event of the channel then signals the process that opened the descriptor, with si_code
 * SI_KERNEL and the channel's value in si_value, and is there to be read as a struct
 * sig2pid_event; poll(2) says when. The subscription ends with the descriptor or the process.
 * When the channel is withdrawn, poll(2) gives EPOLLHUP and, after the last record, read(2) gives
 * 0.
 */
#ifndef _UAPI_LINUX_SIG2PID_H
#define _UAPI_LINUX_SIG2PID_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The longest name of a channel, with its terminating NUL. */
#define SIG2PID_NAME_SIZE 32

/**
 * struct sig2pid_subscribe - what to be told, and how
 * @channel: name of the channel, NUL-terminated
 * @signal: 1 to 64; 0 for no signal, only records to read
 * @flags: 0
 */
struct sig2pid_subscribe {
	char channel[SIG2PID_NAME_SIZE];
	__u32 signal;
	__u32 flags;
};

/**
 * struct sig2pid_event - one record of read(2)
 * @sequence: counts this subscription's events from 1; a gap is records that were lost
 * @time: nanoseconds of CLOCK_MONOTONIC
 * @value: the value the channel was raised with
 */
struct sig2pid_event {
	__u64 sequence;
	__u64 time;
	__s64 value;
};

/**
 * struct sig2pid_status - what became of a subscription's events
 * @events: raised since the subscription
 * @signals: in the queue of the process
 * @coalesced: found the same standard signal pending; that one stands, with its value
 * @overflowed: found the queue of signals full (RLIMIT_SIGPENDING) or no memory
 * @refused: the process may no longer be signalled: it changed its user, or it has gone
 * @records_lost: found the descriptor's queue of records full; nobody read it
 *
 * Where a signal was asked for, events = signals + coalesced + overflowed + refused.
 */
struct sig2pid_status {
	__u64 events;
	__u64 signals;
	__u64 coalesced;
	__u64 overflowed;
	__u64 refused;
	__u64 records_lost;
};

/*
 * SIG2PID_SUBSCRIBE: EINVAL signal, flags or name; ENOENT no such channel; EBUSY this descriptor
 * has subscribed already; EPERM the caller is not the process that opened it, or has other
 * credentials now; ENOMEM. SIG2PID_STATUS: ENOTCONN not subscribed.
 */
#define SIG2PID_SUBSCRIBE _IOW('s', 0xe0, struct sig2pid_subscribe)
#define SIG2PID_STATUS _IOR('s', 0xe1, struct sig2pid_status)

#endif /* _UAPI_LINUX_SIG2PID_H */
