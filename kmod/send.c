// SPDX-License-Identifier: GPL-2.0-only
/*
 * A signal with a payload to one process.
 *
 * The one exported call that takes a siginfo, send_sig_info(), queues to a thread, not to a
 * process. For one thread that is the same. For several, POSIX has a process-directed signal
 * delivered to any one thread that does not block it; so we choose such a thread, as the kernel's
 * own complete_signal() does. Only where all of them block it is there a difference: it then
 * waits in the queue of the thread that @pid names, and other threads' sigwaitinfo(2) and
 * signalfd(2) do not see it.
 */
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include "internal.h"

static bool is_pending(struct task_struct *thread, int sig)
{
	/* one bit of a word; what changes in between, the sending decides */
	return data_race(sigismember(&thread->pending.signal, sig));
}

static bool is_exiting(struct task_struct *thread)
{
	return READ_ONCE(thread->flags) & PF_EXITING;
}

static bool is_ending(struct task_struct *thread)
{
	return READ_ONCE(thread->signal->flags) & SIGNAL_GROUP_EXIT;
}

static bool takes(struct task_struct *thread, int sig)
{
	/* one bit of a word; a thread that blocks the signal a moment later is the same race */
	return !is_exiting(thread) && !data_race(sigismember(&thread->blocked, sig));
}

/*
 * A thread of @named's process that takes @sig; else @named, if it lives; else any that lives.
 * NULL: the process has exited. Under RCU.
 */
static struct task_struct *choose_thread(struct task_struct *named, int sig)
{
	struct task_struct *thread, *living = NULL;

	if (is_ending(named))
		return NULL;
	if (takes(named, sig))
		return named;
	for_each_thread(named, thread) {
		if (takes(thread, sig))
			return thread;
		if (!is_exiting(thread))
			living = thread;
	}
	return is_exiting(named) ? living : named;
}

/*
 * A standard signal from a process (si_code below 0) loses its payload in silence where the queue
 * is full: look first. A real-time signal gives -EAGAIN by itself, and one from the kernel is
 * exempt from the limit. Under RCU.
 */
static bool would_lose_payload(struct task_struct *thread, const struct kernel_siginfo *info)
{
	if (info->si_signo >= SIGRTMIN || info->si_code >= 0 || info->si_signo == SIGKILL)
		return false;
	return get_rlimit_value(task_ucounts(thread), UCOUNT_RLIMIT_SIGPENDING) >=
	       task_rlimit(thread, RLIMIT_SIGPENDING);
}

static int send_to_thread(struct task_struct *thread, struct kernel_siginfo *info)
{
	if (info->si_signo < SIGRTMIN && is_pending(thread, info->si_signo))
		return -EALREADY;
	if (would_lose_payload(thread, info))
		return -EAGAIN;
	return send_sig_info(info->si_signo, info, thread);
}

/*
 * A thread that began to exit while we queued to it takes the signal along unseen. Where the whole
 * process ends, it may be this very signal that ends it.
 */
static bool died_with_it(struct task_struct *thread, int sig)
{
	return is_exiting(thread) && is_pending(thread, sig) && !is_ending(thread);
}

/**
 * sig2pid_send_info - queue a signal with its payload to a process
 * @pid: of the process, or of the thread in it that is preferred where all threads block the
 *   signal
 * @info: with si_signo a valid signal
 *
 * No permission is checked. What the process ignores is discarded, which is success here as in
 * kill(2). Context: any but NMI.
 *
 * Return: 0; -ESRCH the process has exited; -EPERM it is a kernel thread; -EALREADY a standard
 * signal of that number is pending, and that one stands, with its payload; -EAGAIN the queue of
 * signals is full.
 */
int sig2pid_send_info(struct pid *pid, struct kernel_siginfo *info)
{
	struct task_struct *named, *thread;
	int err = -ESRCH;

	rcu_read_lock();
	named = pid_task(pid, PIDTYPE_PID);
	if (named && named->flags & PF_KTHREAD) {
		err = -EPERM;
		named = NULL;
	}
	while (named) {
		thread = choose_thread(named, info->si_signo);
		err = thread ? send_to_thread(thread, info) : -ESRCH;
		if (err || !died_with_it(thread, info->si_signo))
			break;
	}
	rcu_read_unlock();
	return err;
}

/**
 * sig2pid_notify - tell a process something, from the kernel
 * @pid: of the process, held by the caller: get_task_pid(task, PIDTYPE_TGID) or find_get_pid()
 * @sig: 1 to 64
 * @value: arrives in si_value, all 64 bits; an int in si_int
 *
 * For trusted callers: like every signal of the kernel it is not subject to permissions, and it
 * reaches the init of a PID namespace too. It arrives with si_code SI_KERNEL, which no process
 * can forge; si_pid and si_uid mean nothing. A signalfd(2) does not pass on the value of such a
 * signal: see sig2pid_channel_announce() for a way that does.
 *
 * Context: process, softirq and hard interrupt; not NMI. On PREEMPT_RT not hard interrupt
 * context, where no signal can be sent.
 *
 * Return: 0 when it is in the queue; -EINVAL no such signal; -ESRCH the process has exited;
 * -EPERM a kernel thread; -EALREADY a standard signal of that number is pending, and that one
 * stands, with its value; -EAGAIN the queue is full (real-time signals only: a standard signal of
 * the kernel is exempt from the limit).
 */
int sig2pid_notify(struct pid *pid, int sig, s64 value)
{
	struct kernel_siginfo info;

	if (!valid_signal(sig) || sig == 0)
		return -EINVAL;
	clear_siginfo(&info);
	info.si_signo = sig;
	info.si_code = SI_KERNEL;
	info.si_ptr = (void __user *)(unsigned long)value;
	return sig2pid_send_info(pid, &info);
}
EXPORT_SYMBOL_GPL(sig2pid_notify);
