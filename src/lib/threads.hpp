// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>

#include <functional>

namespace sig2pid {

/// Whether `holds` is true of every thread of the process; it gets a descriptor of /proc/PID/task/TID. A thread that
/// ends meanwhile does not count. Errors of proc::open_file().
[[nodiscard]] Result<bool> every_thread(const Process& process, const std::function<bool(int thread_dir)>& holds);

/// The state of a thread, of which this is the directory, as in ps(1): R S D T t Z X I. X when there is nothing to
/// read: it has ended.
[[nodiscard]] char thread_state(int thread_dir);

} // namespace sig2pid
