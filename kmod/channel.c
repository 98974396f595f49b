// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: a module announces a name, processes subscribe to it, the module raises it.
 *
 * The list of channels, and each channel's list of subscriptions, change under one mutex.
 * sig2pid_channel_raise() only walks the latter, under RCU, so it may be called in interrupt
 * context. What leaves a list is freed after a grace period.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/**
 * struct sig2pid_channel - something that processes can be told of
 * @node: in the list of channels
 * @subscriptions: read under RCU
 * @subscribers: length of that list
 * @raised: how often it was raised
 * @name: NUL-terminated
 */
struct sig2pid_channel {
	struct list_head node;
	struct list_head subscriptions;
	unsigned int subscribers;
	atomic64_t raised;
	char name[SIG2PID_NAME_SIZE];
};

static LIST_HEAD(channels);
static DEFINE_MUTEX(channels_lock);

static struct sig2pid_channel *find_channel(const char *name)
{
	struct sig2pid_channel *channel;

	list_for_each_entry(channel, &channels, node)
		if (!strcmp(channel->name, name))
			return channel;
	return NULL;
}

/* Names are shown a line each: nothing in them may look like something else. */
static bool is_valid_name(const char *name)
{
	size_t length = strnlen(name, SIG2PID_NAME_SIZE);

	return length > 0 && length < SIG2PID_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       length;
}

/**
 * sig2pid_channel_announce - offer events to whoever subscribes
 * @name: 1 to 31 of the characters A-Z a-z 0-9 . _ -; copied
 *
 * Context: process, may sleep. The caller owns the channel and withdraws it before its module
 * goes.
 *
 * Return: the channel, or ERR_PTR: -EINVAL name, -EEXIST name taken, -ENOMEM.
 */
struct sig2pid_channel *sig2pid_channel_announce(const char *name)
{
	struct sig2pid_channel *channel;

	if (!is_valid_name(name))
		return ERR_PTR(-EINVAL);
	channel = kzalloc(sizeof(*channel), GFP_KERNEL);
	if (!channel)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&channel->subscriptions);
	strscpy(channel->name, name, sizeof(channel->name));

	mutex_lock(&channels_lock);
	if (find_channel(name)) {
		kfree(channel);
		channel = ERR_PTR(-EEXIST);
	} else {
		list_add_tail(&channel->node, &channels);
	}
	mutex_unlock(&channels_lock);
	return channel;
}
EXPORT_SYMBOL_GPL(sig2pid_channel_announce);

static void detach(struct sig2pid_subscription *sub)
{
	sub->channel->subscribers--;
	list_del_rcu(&sub->node);
	WRITE_ONCE(sub->channel, NULL);
}

/**
 * sig2pid_channel_withdraw - the end of a channel
 * @channel: of sig2pid_channel_announce(), not used again; NULL and ERR_PTR are ignored
 *
 * Whatever raises it must have stopped: delete the timer, free the interrupt, first. Subscribers
 * read what they have not read yet, and then the end of the file. Context: process, may sleep.
 */
void sig2pid_channel_withdraw(struct sig2pid_channel *channel)
{
	struct sig2pid_subscription *sub, *next;

	if (IS_ERR_OR_NULL(channel))
		return;
	mutex_lock(&channels_lock);
	list_del(&channel->node);
	list_for_each_entry_safe(sub, next, &channel->subscriptions, node) {
		detach(sub);
		wake_up_interruptible(&sub->readable);
	}
	mutex_unlock(&channels_lock);
	synchronize_rcu();
	kfree(channel);
}
EXPORT_SYMBOL_GPL(sig2pid_channel_withdraw);

/**
 * sig2pid_channel_raise - tell all subscribers of an event
 * @channel: of sig2pid_channel_announce()
 * @value: what they get
 *
 * What becomes of it is counted for each subscription; see struct sig2pid_status. Nothing is
 * allocated but the signals. Context: process, softirq and hard interrupt; not NMI. On PREEMPT_RT
 * not hard interrupt context.
 */
void sig2pid_channel_raise(struct sig2pid_channel *channel, s64 value)
{
	struct sig2pid_subscription *sub;

	atomic64_inc(&channel->raised);
	rcu_read_lock();
	list_for_each_entry_rcu(sub, &channel->subscriptions, node)
		sig2pid_subscription_tell(sub, value);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(sig2pid_channel_raise);

static void attach(struct sig2pid_subscription *sub, struct sig2pid_channel *channel, int sig)
{
	sub->sig = sig;
	sub->thread = get_task_pid(current, PIDTYPE_PID);
	sub->channel = channel;
	/* pairs with has_subscribed(), after which a channel of NULL means withdrawn */
	smp_store_release(&sub->subscribed, true);
	channel->subscribers++;
	list_add_tail_rcu(&sub->node, &channel->subscriptions);
}

/**
 * sig2pid_channel_join - subscribe, as the current thread
 * @name: of the channel
 * @sub: that has not subscribed yet
 * @sig: 1 to 64, or 0 for records only
 *
 * Return: 0; -EBUSY it has subscribed before; -ENOENT no such channel.
 */
int sig2pid_channel_join(const char *name, struct sig2pid_subscription *sub, int sig)
{
	struct sig2pid_channel *channel;
	int err = 0;

	mutex_lock(&channels_lock);
	channel = find_channel(name);
	if (sub->subscribed)
		err = -EBUSY;
	else if (!channel)
		err = -ENOENT;
	else
		attach(sub, channel, sig);
	mutex_unlock(&channels_lock);
	return err;
}

/**
 * sig2pid_channel_leave - take a subscription from its channel, if it has one
 * @sub: may still be read by who raises the channel, for a grace period
 */
void sig2pid_channel_leave(struct sig2pid_subscription *sub)
{
	mutex_lock(&channels_lock);
	if (sub->channel)
		detach(sub);
	mutex_unlock(&channels_lock);
}

/**
 * sig2pid_channel_show - a line for each channel
 * @seq: of /proc/sig2pid
 */
void sig2pid_channel_show(struct seq_file *seq)
{
	struct sig2pid_channel *channel;

	mutex_lock(&channels_lock);
	list_for_each_entry(channel, &channels, node)
		seq_printf(seq, "channel %s subscribers %u raised %lld\n", channel->name,
			   channel->subscribers, atomic64_read(&channel->raised));
	mutex_unlock(&channels_lock);
}
