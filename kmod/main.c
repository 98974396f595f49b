// SPDX-License-Identifier: GPL-2.0-only
/*
 * sig2pid: tells a process, by signal, that the kernel saw something.
 *
 * For code that lives in the kernel, sig2pid_notify() and channels; for processes, /proc/sig2pid
 * and /dev/sig2pid.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>

#include "internal.h"

static ushort mode = 0200;
module_param(mode, ushort, 0444);
MODULE_PARM_DESC(mode, "who may write /proc/sig2pid: 0200 root (default), 0222 all, as kill(2)");

static int __init sig2pid_init(void)
{
	int err;

	if (mode & ~0222) {
		pr_err("mode %#o: only 0200, 0020 and 0002 may be set\n", mode);
		return -EINVAL;
	}
	err = sig2pid_device_register();
	if (err)
		return err;
	err = sig2pid_proc_create(mode);
	if (err)
		sig2pid_device_deregister();
	return err;
}

static void __exit sig2pid_exit(void)
{
	sig2pid_proc_remove();
	sig2pid_device_deregister();
}

module_init(sig2pid_init);
module_exit(sig2pid_exit);

MODULE_DESCRIPTION("Signals to processes, from the kernel");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
