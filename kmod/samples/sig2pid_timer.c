// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sample: a kernel timer, softirq context, notifies the process it was loaded for.
 *
 *	insmod sig2pid_timer.ko pid=1234 sig=40 period_ms=100
 *
 * The value counts from 1. The timer ends with the process.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/sig2pid.h>
#include <linux/timer.h>

static int pid;
module_param(pid, int, 0444);
MODULE_PARM_DESC(pid, "the process to notify");

static int sig = 40;
module_param(sig, int, 0444);
MODULE_PARM_DESC(sig, "the signal, 1 to 64");

static uint period_ms = 1000;
module_param(period_ms, uint, 0444);
MODULE_PARM_DESC(period_ms, "milliseconds from one to the next");

static struct pid *target;
static struct timer_list timer;
static s64 ticks;

static void tick(struct timer_list *unused)
{
	int err = sig2pid_notify(target, sig, ++ticks);

	if (err)
		pr_info("notification %lld: %d\n", ticks, err);
	if (err != -ESRCH)
		mod_timer(&timer, jiffies + msecs_to_jiffies(period_ms));
}

static int __init sample_init(void)
{
	target = find_get_pid(pid);
	if (!target)
		return -ESRCH;
	timer_setup(&timer, tick, 0);
	mod_timer(&timer, jiffies + msecs_to_jiffies(period_ms));
	return 0;
}

static void __exit sample_exit(void)
{
	timer_shutdown_sync(&timer);
	put_pid(target);
}

module_init(sample_init);
module_exit(sample_exit);

MODULE_DESCRIPTION("sig2pid sample: notify from a timer");
MODULE_LICENSE("GPL");
