// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sample: an irq_work, hard interrupt context, raises a channel and notifies a process.
 *
 *	insmod sig2pid_irq_work.ko [pid=1234] [sig=40]
 *	echo 42 >/sys/module/sig2pid_irq_work/parameters/raise
 *
 * Subscribers of the channel "irq-work" get the value, and so does the process, if one is named.
 * The write returns when it has been done, with the error of the notification. With directly=1 it
 * is done in the writer's own context, a process's.
 */
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/sig2pid.h>

static int pid;
module_param(pid, int, 0444);
MODULE_PARM_DESC(pid, "a process to notify, besides the subscribers of the channel irq-work");

static int sig = 40;
module_param(sig, int, 0444);
MODULE_PARM_DESC(sig, "the signal for that process, 1 to 64");

static bool directly;
module_param(directly, bool, 0644);
MODULE_PARM_DESC(directly, "without an interrupt, in process context");

static struct pid *target;
static struct sig2pid_channel *channel;
static DEFINE_MUTEX(raising);
static s64 value;
static int result;

static void tell(void)
{
	sig2pid_channel_raise(channel, value);
	result = target ? sig2pid_notify(target, sig, value) : 0;
}

static void in_interrupt_context(struct irq_work *unused)
{
	WARN_ON_ONCE(!in_hardirq());
	tell();
}

static struct irq_work work = IRQ_WORK_INIT_HARD(in_interrupt_context);

/* The parameter is there before init and after exit. */
static int raise_value(s64 number)
{
	if (IS_ERR_OR_NULL(channel))
		return -EAGAIN;
	value = number;
	if (directly) {
		WARN_ON_ONCE(!in_task());
		tell();
	} else {
		irq_work_queue(&work);
		irq_work_sync(&work);
	}
	return result;
}

static int raise_set(const char *text, const struct kernel_param *unused)
{
	s64 number;
	int err = kstrtos64(text, 0, &number);

	if (err)
		return err;
	mutex_lock(&raising);
	err = raise_value(number);
	mutex_unlock(&raising);
	return err;
}

static const struct kernel_param_ops raise_ops = { .set = raise_set };
module_param_cb(raise, &raise_ops, NULL, 0200);
MODULE_PARM_DESC(raise, "written: the value to raise the channel with");

static int __init sample_init(void)
{
	int err;

	if (pid) {
		target = find_get_pid(pid);
		if (!target)
			return -ESRCH;
	}
	mutex_lock(&raising);
	channel = sig2pid_channel_announce("irq-work");
	err = PTR_ERR_OR_ZERO(channel);
	mutex_unlock(&raising);
	if (err)
		put_pid(target);
	return err;
}

static void __exit sample_exit(void)
{
	mutex_lock(&raising);
	sig2pid_channel_withdraw(channel);
	channel = NULL;
	mutex_unlock(&raising);
	put_pid(target);
}

module_init(sample_init);
module_exit(sample_exit);

MODULE_DESCRIPTION("sig2pid sample: notify from hard interrupt context");
MODULE_LICENSE("GPL");
