/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIG2PID_INTERNAL_H
#define _SIG2PID_INTERNAL_H

#include <linux/cred.h>
#include <linux/kfifo.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sig2pid.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

struct kernel_siginfo;
struct seq_file;

/* send.c: with a payload, to one process. */
int sig2pid_send_info(struct pid *pid, struct kernel_siginfo *info);

/* permission.c: who may. */
bool sig2pid_same_credentials(const struct cred *a, const struct cred *b);
int sig2pid_may_queue(struct pid *pid);
bool sig2pid_may_still_signal(const struct cred *subscriber, struct pid *pid);

/**
 * struct sig2pid_request - one line of /proc/sig2pid
 * @pid: 1 or more
 * @sig: 0 or more
 * @value: payload, where @has_value
 * @has_value: whether a third word was there
 */
struct sig2pid_request {
	pid_t pid;
	int sig;
	s64 value;
	bool has_value;
};

/* request.c: a line of text, without its newline. */
int sig2pid_parse(char *line, size_t length, struct sig2pid_request *request);

/* proc.c: /proc/sig2pid. */
int sig2pid_proc_create(umode_t mode);
void sig2pid_proc_remove(void);

/* Records that a descriptor holds for its reader; a power of two. */
#define SIG2PID_RECORDS 512

/**
 * struct sig2pid_subscription - an open /dev/sig2pid
 * @channel: what it subscribed to, or NULL: not yet, or withdrawn; changed under the lock of the
 *   channels
 * @node: in the channel's list, read under RCU
 * @process: who opened it; a thread group, which an exec does not change
 * @thread: who subscribed, preferred where all threads of @process block the signal
 * @cred: the credentials of the opener
 * @sig: 0 for records only
 * @subscribed: true from the subscription on, for good; read with smp_load_acquire()
 * @lock: protects @status and the writing end of @records; taken in any context
 * @reading: one reader at a time
 * @status: what became of its events
 * @records: what was raised and not read yet
 * @readable: woken by each event and by the withdrawal of the channel
 * @rcu: who raises the channel may still see it for a grace period
 */
struct sig2pid_subscription {
	struct sig2pid_channel *channel;
	struct list_head node;
	struct pid *process;
	struct pid *thread;
	const struct cred *cred;
	int sig;
	bool subscribed;
	spinlock_t lock;      /* status, writing end of records */
	struct mutex reading; /* reading end of records */
	struct sig2pid_status status;
	DECLARE_KFIFO(records, struct sig2pid_event, SIG2PID_RECORDS);
	wait_queue_head_t readable;
	struct rcu_head rcu;
};

/* subscription.c: what one event does to one subscription, in any context. */
void sig2pid_subscription_tell(struct sig2pid_subscription *sub, s64 value);

/* channel.c */
int sig2pid_channel_join(const char *name, struct sig2pid_subscription *sub, int sig);
void sig2pid_channel_leave(struct sig2pid_subscription *sub);
void sig2pid_channel_show(struct seq_file *seq);

/* device.c: /dev/sig2pid. */
int sig2pid_device_register(void);
void sig2pid_device_deregister(void);

#endif /* _SIG2PID_INTERNAL_H */
