/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sig2pid: the calls for other modules.
 *
 * Two ways to tell a process something. A driver that knows whom to tell keeps a struct pid and
 * calls sig2pid_notify(). A driver that does not announces a channel, and processes subscribe at
 * /dev/sig2pid.
 */
#ifndef _LINUX_SIG2PID_H
#define _LINUX_SIG2PID_H

#include <linux/types.h>
#include <uapi/linux/sig2pid.h>

struct pid;
struct sig2pid_channel;

int sig2pid_notify(struct pid *pid, int sig, s64 value);

struct sig2pid_channel *sig2pid_channel_announce(const char *name);
void sig2pid_channel_withdraw(struct sig2pid_channel *channel);
void sig2pid_channel_raise(struct sig2pid_channel *channel, s64 value);

#endif /* _LINUX_SIG2PID_H */
