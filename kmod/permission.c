// SPDX-License-Identifier: GPL-2.0-only
/* Who may have which process signalled. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/security.h>

#include "internal.h"

/* Zero where the security module has no labels, or none for credentials: AppArmor. */
static u32 label_of(const struct cred *cred)
{
	u32 label = 0;

	security_cred_getsecid(cred, &label);
	return label;
}

/**
 * sig2pid_same_credentials - whether kill(2) judges both alike
 * @a: of the opener of a file
 * @b: of who uses it now
 *
 * By content: an exec or a fork copies credentials, and that is no lending. What a more
 * privileged process can be made to write to, such as its standard error, must not be a signal of
 * its own choice.
 *
 * Return: whether they are the same.
 */
bool sig2pid_same_credentials(const struct cred *a, const struct cred *b)
{
	return uid_eq(a->uid, b->uid) && uid_eq(a->euid, b->euid) && uid_eq(a->suid, b->suid) &&
	       a->user_ns == b->user_ns &&
	       !memcmp(&a->cap_effective, &b->cap_effective, sizeof(a->cap_effective)) &&
	       label_of(a) == label_of(b);
}

static bool same_label(struct task_struct *task)
{
	u32 own = 0, other = 0;

	security_task_getsecid_obj(current, &own);
	security_task_getsecid_obj(task, &other);
	return own == other;
}

/* True where there is no task: the probe has the word then. */
static bool label_allows(struct pid *pid)
{
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	bool allowed = !task || same_label(task) || capable(CAP_MAC_ADMIN);

	if (task)
		put_task_struct(task);
	return allowed;
}

/**
 * sig2pid_may_queue - whether the caller may send @pid a signal with a payload
 * @pid: of the target
 *
 * kill(2) with signal 0, which is stricter than kill(2) with SIGCONT: that one is allowed in a
 * session. It shows the security module the number 0, and a policy may allow that and no more; so
 * between two labels CAP_MAC_ADMIN is needed.
 *
 * Return: 0, -ESRCH, -EPERM, -EACCES for the label, or what the security module answers.
 */
int sig2pid_may_queue(struct pid *pid)
{
	int err = kill_pid(pid, 0, 0);

	if (err)
		return err;
	return label_allows(pid) ? 0 : -EACCES;
}

/**
 * sig2pid_may_still_signal - whether a subscription may signal its process now
 * @subscriber: the credentials it was made with
 * @pid: of the process
 *
 * A process keeps its descriptors when it executes a set-user-ID program, which has not asked for
 * signals. As for the owner of a file (sigio_perm() in fs/fcntl.c). Context: any.
 *
 * Return: whether it may; false also where the process has gone.
 */
bool sig2pid_may_still_signal(const struct cred *subscriber, struct pid *pid)
{
	const struct cred *target;
	struct task_struct *task;
	bool may = false;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task) {
		target = __task_cred(task);
		may = uid_eq(subscriber->euid, GLOBAL_ROOT_UID) ||
		      uid_eq(subscriber->euid, target->suid) ||
		      uid_eq(subscriber->euid, target->uid) ||
		      uid_eq(subscriber->uid, target->suid) || uid_eq(subscriber->uid, target->uid);
	}
	rcu_read_unlock();
	return may;
}
