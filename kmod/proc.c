// SPDX-License-Identifier: GPL-2.0-only
/* /proc/sig2pid: a line a signal to write, counters to read. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "internal.h"

/* Three numbers of 64 bits and what separates them, with room for some more spaces. */
#define LINE_SIZE 96

static atomic64_t sent;

/* clang-format off */
static struct {
	int err;
	const char *name;
	atomic64_t count;
} refusals[] = {
	{ EPERM, "EPERM" },
	{ EACCES, "EACCES" },
	{ ESRCH, "ESRCH" },
	{ EAGAIN, "EAGAIN" },
	{ EALREADY, "EALREADY" },
	{ EINVAL, "EINVAL" },
	{ ERANGE, "ERANGE" },
	{ E2BIG, "E2BIG" },
	{ EFAULT, "EFAULT" },
	{ 0, "other" },
};

/* clang-format on */

static void count_result(int err)
{
	size_t i = 0;

	if (!err) {
		atomic64_inc(&sent);
		return;
	}
	while (refusals[i].err && refusals[i].err != -err)
		i++;
	atomic64_inc(&refusals[i].count);
}

/* As rt_sigqueueinfo(2) would, with the sender's own PID and UID. */
static int queue_with_value(struct pid *pid, int sig, s64 value)
{
	struct kernel_siginfo info;
	int err = sig2pid_may_queue(pid);

	if (err || sig == 0)
		return err;
	clear_siginfo(&info);
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = task_tgid_vnr(current);
	info.si_uid = from_kuid_munged(current_user_ns(), current_uid());
	info.si_ptr = (void __user *)(unsigned long)value;
	return sig2pid_send_info(pid, &info);
}

static int execute(const struct sig2pid_request *request)
{
	struct pid *pid = find_get_pid(request->pid);
	int err;

	if (!pid)
		return -ESRCH;
	if (!request->has_value)
		err = kill_pid(pid, request->sig, 0);
	else if (!valid_signal(request->sig))
		err = -EINVAL;
	else
		err = queue_with_value(pid, request->sig, request->value);
	put_pid(pid);
	pr_debug("%d sends %d to %d: %d\n", task_tgid_nr(current), request->sig, request->pid, err);
	return err;
}

/*
 * Copies the first line of @from, without its newline. Returns how many bytes of the buffer it
 * takes, or an error. What lies behind the line may be unreadable: that is for the next line to
 * find.
 */
static ssize_t copy_line(char *line, size_t *length, const char __user *from, size_t count)
{
	size_t size = min_t(size_t, count, LINE_SIZE);
	size_t copied = size - copy_from_user(line, from, size);
	char *end = memchr(line, '\n', copied);

	if (!end && copied < size)
		return -EFAULT;
	if (!end && size == LINE_SIZE)
		return -E2BIG;
	*length = end ? end - line : size;
	line[*length] = '\0';
	return end ? *length + 1 : size;
}

static ssize_t write_line(const char __user *from, size_t count)
{
	struct sig2pid_request request;
	char line[LINE_SIZE];
	size_t length;
	ssize_t used;
	int err;

	used = copy_line(line, &length, from, count);
	err = used < 0 ? used : sig2pid_parse(line, length, &request);
	if (!err)
		err = execute(&request);
	count_result(err);
	return err ? err : used;
}

static ssize_t proc_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	size_t done = 0;
	ssize_t used;

	if (!sig2pid_same_credentials(file->f_cred, current_cred())) {
		count_result(-EPERM);
		return -EPERM;
	}
	do {
		used = write_line(from + done, count - done);
		if (used < 0)
			return done ? done : used;
		done += used;
		cond_resched();
	} while (done < count && !fatal_signal_pending(current));
	return done;
}

static int proc_show(struct seq_file *seq, void *unused)
{
	size_t i;

	seq_printf(seq, "sent %lld\n", atomic64_read(&sent));
	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		seq_printf(seq, "%s %lld\n", refusals[i].name, atomic64_read(&refusals[i].count));
	sig2pid_channel_show(seq);
	return 0;
}

static int proc_open(struct inode *inode, struct file *file)
{
	return single_open(file, proc_show, NULL);
}

static const struct proc_ops ops = {
	.proc_open = proc_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_write = proc_write,
	.proc_release = single_release,
};

/**
 * sig2pid_proc_create - make /proc/sig2pid
 * @mode: who may write
 *
 * Return: 0 or -ENOMEM.
 */
int sig2pid_proc_create(umode_t mode)
{
	return proc_create("sig2pid", mode, NULL, &ops) ? 0 : -ENOMEM;
}

/**
 * sig2pid_proc_remove - take /proc/sig2pid away
 *
 * Waits for those inside it. Descriptors that stay open give EIO from then on.
 */
void sig2pid_proc_remove(void)
{
	remove_proc_entry("sig2pid", NULL);
}
