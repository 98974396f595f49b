// SPDX-License-Identifier: GPL-2.0-only
/* /dev/sig2pid: subscriptions. See the header for user space. */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

static int device_open(struct inode *inode, struct file *file)
{
	struct sig2pid_subscription *sub = kzalloc(sizeof(*sub), GFP_KERNEL_ACCOUNT);

	if (!sub)
		return -ENOMEM;
	sub->process = get_task_pid(current, PIDTYPE_TGID);
	sub->cred = get_cred(file->f_cred);
	spin_lock_init(&sub->lock);
	mutex_init(&sub->reading);
	INIT_KFIFO(sub->records);
	init_waitqueue_head(&sub->readable);
	file->private_data = sub;
	return stream_open(inode, file);
}

static void free_subscription(struct rcu_head *rcu)
{
	struct sig2pid_subscription *sub = container_of(rcu, struct sig2pid_subscription, rcu);

	put_pid(sub->process);
	put_pid(sub->thread);
	put_cred(sub->cred);
	kfree(sub);
}

static int device_release(struct inode *inode, struct file *file)
{
	struct sig2pid_subscription *sub = file->private_data;

	sig2pid_channel_leave(sub);
	call_rcu(&sub->rcu, free_subscription);
	return 0;
}

/*
 * The descriptor may have been inherited or passed on; a signal is for its opener, who alone may
 * ask for one.
 */
static bool is_opener(const struct sig2pid_subscription *sub)
{
	return task_tgid(current) == sub->process &&
	       sig2pid_same_credentials(sub->cred, current_cred());
}

static long subscribe(struct sig2pid_subscription *sub, const struct sig2pid_subscribe __user *from)
{
	struct sig2pid_subscribe wish;

	if (copy_from_user(&wish, from, sizeof(wish)))
		return -EFAULT;
	if (wish.flags || !valid_signal(wish.signal))
		return -EINVAL;
	if (!memchr(wish.channel, '\0', sizeof(wish.channel)))
		return -EINVAL;
	if (!is_opener(sub))
		return -EPERM;
	return sig2pid_channel_join(wish.channel, sub, wish.signal);
}

static bool has_subscribed(const struct sig2pid_subscription *sub)
{
	return smp_load_acquire(&sub->subscribed); /* pairs with attach() */
}

static long report_status(struct sig2pid_subscription *sub, struct sig2pid_status __user *to)
{
	struct sig2pid_status status;

	if (!has_subscribed(sub))
		return -ENOTCONN;
	spin_lock_irq(&sub->lock);
	status = sub->status;
	spin_unlock_irq(&sub->lock);
	return copy_to_user(to, &status, sizeof(status)) ? -EFAULT : 0;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct sig2pid_subscription *sub = file->private_data;
	void __user *user = (void __user *)argument;

	switch (command) {
	case SIG2PID_SUBSCRIBE:
		return subscribe(sub, user);
	case SIG2PID_STATUS:
		return report_status(sub, user);
	default:
		return -ENOTTY;
	}
}

static bool is_withdrawn(const struct sig2pid_subscription *sub)
{
	return !READ_ONCE(sub->channel);
}

/* 0 where there is a record, or none will come. */
static int wait_for_record(struct file *file, struct sig2pid_subscription *sub)
{
	if (!kfifo_is_empty(&sub->records) || is_withdrawn(sub))
		return 0;
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(sub->readable,
					!kfifo_is_empty(&sub->records) || is_withdrawn(sub));
}

static int copy_records(struct sig2pid_subscription *sub, char __user *to, size_t size,
			unsigned int *copied)
{
	int err;

	if (mutex_lock_interruptible(&sub->reading))
		return -ERESTARTSYS;
	err = kfifo_to_user(&sub->records, to, size, copied);
	mutex_unlock(&sub->reading);
	return err;
}

/* Another reader may take what was waited for; only the end of the channel is the end of the file.
 */
static ssize_t device_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct sig2pid_subscription *sub = file->private_data;
	unsigned int copied = 0;
	bool ended;
	int err;

	if (!has_subscribed(sub))
		return -ENOTCONN;
	if (size < sizeof(struct sig2pid_event))
		return -EINVAL;
	do {
		err = wait_for_record(file, sub);
		if (err)
			return err;
		ended = is_withdrawn(sub);
		err = copy_records(sub, to, size, &copied);
	} while (!err && !copied && !ended);
	return err ? err : copied;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct sig2pid_subscription *sub = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &sub->readable, wait);
	if (!has_subscribed(sub))
		return EPOLLERR;
	if (is_withdrawn(sub))
		mask |= EPOLLHUP;
	if (!kfifo_is_empty(&sub->records))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

/* The owner keeps the module while a descriptor is open. */
static const struct file_operations ops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sig2pid",
	.fops = &ops,
};

/**
 * sig2pid_device_register - make /dev/sig2pid
 *
 * Return: 0 or what misc_register() answers.
 */
int sig2pid_device_register(void)
{
	return misc_register(&device);
}

/**
 * sig2pid_device_deregister - take /dev/sig2pid away; no descriptor is open any more
 */
void sig2pid_device_deregister(void)
{
	misc_deregister(&device);
	rcu_barrier(); /* free_subscription() is code of this module */
}
