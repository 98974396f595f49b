// SPDX-License-Identifier: BSD-2-Clause
#include "lib/escalation_climb.hpp"
#include "lib/number.hpp"
#include "lib/proc.hpp"

#include <sig2pid/deliver.hpp>

#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <memory>

namespace sig2pid {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

bool is_uninterruptible(int task_dir, const std::string& thread) {
    const Result<std::string> text = proc::read_file(task_dir, thread + "/stat");
    if (!text) {
        return false;
    }
    const Result<proc::Stat> stat = proc::parse_stat(*text);
    return stat && stat->state == 'D';
}

/// One such thread is enough to keep the whole process.
bool has_uninterruptible_thread(const Process& process) {
    Result<UniqueFd> fd = proc::open_file(process, "task", O_RDONLY | O_DIRECTORY);
    if (!fd) {
        return false;
    }
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd->get()));
    if (!directory) {
        return false;
    }
    const int task_dir = fd->release();
    while (const dirent* entry = ::readdir(directory.get())) {
        if (parse_number<pid_t>(entry->d_name) && is_uninterruptible(task_dir, entry->d_name)) {
            return true;
        }
    }
    return false;
}

} // namespace

bool is_shielded(const Process& process, const SignalStatus& status, Signal signal) {
    const bool can_be_shielded = status.is_namespace_init || status.ignored.contains(Signal(SIGKILL));
    return can_be_shielded && foresee(process, status, signal).verdict == Verdict::ignored;
}

Survival survival_of(const Process& process) {
    const Result<SignalStatus> status = signal_status(process);
    if (!status) {
        return Survival::unmoved;
    }
    if (is_shielded(process, *status, Signal(SIGKILL))) {
        return Survival::shielded;
    }
    if (status->state == 'T' || status->state == 't') {
        return Survival::stopped;
    }
    return has_uninterruptible_thread(process) ? Survival::uninterruptible : Survival::unmoved;
}

} // namespace sig2pid
