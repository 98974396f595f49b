// SPDX-License-Identifier: BSD-2-Clause
#include "lib/threads.hpp"

#include "lib/proc.hpp"
#include "lib/proc_scan.hpp"
#include "lib/syscalls.hpp"

#include <fcntl.h>
#include <string>

namespace sig2pid {

Result<bool> every_thread(const Process& process, const std::function<bool(int thread_dir)>& holds) {
    const Result<UniqueFd> tasks = proc::open_file(process, "task", O_RDONLY | O_DIRECTORY);
    if (!tasks) {
        return std::unexpected(tasks.error());
    }
    bool all = true;
    const Result<> walked = proc::for_each_number(tasks->get(), [&](pid_t tid) {
        if (!all) {
            return;
        }
        const UniqueFd thread(sys::calls().openat(tasks->get(), std::to_string(tid).c_str(), O_PATH | O_DIRECTORY));
        all = !thread || holds(thread.get());
    });
    return walked ? Result<bool>(all) : std::unexpected(walked.error());
}

char thread_state(int thread_dir) {
    const Result<std::string> text = proc::read_file(thread_dir, "stat");
    const Result<proc::Stat> stat = text ? proc::parse_stat(*text) : std::unexpected(text.error());
    return stat ? stat->state : 'X';
}

} // namespace sig2pid
