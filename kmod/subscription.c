// SPDX-License-Identifier: GPL-2.0-only
/* What one event does to one subscription. */
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "internal.h"

static void keep_record(struct sig2pid_subscription *sub, s64 value)
{
	struct sig2pid_event event = {
		.sequence = ++sub->status.events,
		.time = ktime_get_ns(),
		.value = value,
	};

	if (!kfifo_put(&sub->records, event))
		sub->status.records_lost++;
}

/* The thread that subscribed, or the process where that thread has exited. */
static struct pid *addressee(struct sig2pid_subscription *sub)
{
	struct task_struct *thread = pid_task(sub->thread, PIDTYPE_PID);

	return thread && task_tgid(thread) == sub->process ? sub->thread : sub->process;
}

static int signal_subscriber(struct sig2pid_subscription *sub, s64 value)
{
	if (!sig2pid_may_still_signal(sub->cred, sub->process))
		return -EPERM;
	return sig2pid_notify(addressee(sub), sub->sig, value);
}

static void count_signal(struct sig2pid_status *status, int err)
{
	if (!err)
		status->signals++;
	else if (err == -EALREADY)
		status->coalesced++;
	else if (err == -EAGAIN)
		status->overflowed++;
	else
		status->refused++;
}

/**
 * sig2pid_subscription_tell - keep a record of an event, wake the readers, signal the process
 * @sub: of a channel that was raised
 * @value: what it was raised with
 *
 * Under the lock, so that records, signals and their sequence have one order. Context: any but
 * NMI, under RCU.
 */
void sig2pid_subscription_tell(struct sig2pid_subscription *sub, s64 value)
{
	unsigned long flags;

	spin_lock_irqsave(&sub->lock, flags);
	keep_record(sub, value);
	if (sub->sig)
		count_signal(&sub->status, signal_subscriber(sub, value));
	spin_unlock_irqrestore(&sub->lock, flags);
	wake_up_interruptible(&sub->readable);
}
