// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <cstdint>
#include <string>

namespace sig2pid::engine {

/// What the running kernel offers to the engine, read from its own type information (BTF).
struct KernelFeatures {
    bool send_signal_task = false;    ///< bpf_send_signal_task: rung direct (6.13)
    bool task_work = false;           ///< bpf_task_work_schedule_signal: rung task-work (6.18)
    bool task_work_is_impl = false;   ///< under its name of 6.18, ..._impl
    bool task_iterator = false;       ///< bpf_iter_task_new: a program can walk over all processes (6.7)
    bool cast = false;                ///< bpf_rdonly_cast (6.2)
    bool pin_task = false;            ///< a task can be held and found by its number in our PID namespace (6.13)
    bool exit_has_group_dead = false; ///< sched_process_exit says whether the process ends (6.16)
    bool oom_victim_is_task = false;  ///< mark_victim hands over the task (6.9)
    bool pidfs = false;               ///< a pid has an inode of its own (6.9)
    std::uint32_t task_struct = 0;    ///< BTF number of struct task_struct

    /// ENOENT where the kernel has no BTF, or it may not be read.
    [[nodiscard]] static Result<KernelFeatures> read();
};

/// The running kernel's release, "6.18.44" for one.
[[nodiscard]] std::string kernel_release();

} // namespace sig2pid::engine
