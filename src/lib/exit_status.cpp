// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/exit_status.hpp>

#include "lib/exit_watch.hpp"
#include "lib/proc.hpp"
#include "lib/syscalls.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/wait.h>

namespace sig2pid {
namespace {

std::optional<Signal> signal_of(int number) {
    const Result<Signal> signal = Signal::from_number(number);
    return signal ? std::optional(*signal) : std::nullopt;
}

/// A child of ours that nobody has reaped. WNOWAIT leaves it for who started it, __WALL includes clones.
std::optional<ExitStatus> of_own_child(const Process& process) {
    siginfo_t info{};
    const int options = WEXITED | WNOHANG | WNOWAIT | __WALL;
    if (sys::calls().waitid(P_PIDFD, static_cast<id_t>(process.fd()), info, options) < 0 || info.si_pid == 0) {
        return std::nullopt;
    }
    if (info.si_code == CLD_EXITED) {
        return ExitStatus{info.si_status, std::nullopt, false};
    }
    return ExitStatus{std::nullopt, signal_of(info.si_status), info.si_code == CLD_DUMPED};
}

/// The mask of the answer decides: a kernel that does not know the question leaves the exit code 0.
std::optional<ExitStatus> of_reaped(const Process& process) {
    sys::PidfdInfo info;
    info.mask = sys::info_exit;
    if (sys::calls().pidfd_get_info(process.fd(), info) < 0 || (info.mask & sys::info_exit) == 0) {
        return std::nullopt;
    }
    return ExitStatus::from_wait_status(info.exit_code);
}

/// Whether the kernel lets us see what it shows as 0 to those whom it does not (ptrace access mode
/// READ_FSCREDS, both of the exit code in stat and of the links in ns).
bool may_read(const Process& process) {
    return proc::open_file(process, "ns/user", O_RDONLY).has_value();
}

std::optional<ExitStatus> in_stat(const Process& process, const Result<UniqueFd>& file) {
    if (!file) {
        return std::nullopt;
    }
    const Result<std::string> text = proc::read_whole(file->get());
    const std::optional<int> status = text ? proc::parse_exit_code(*text) : std::nullopt;
    if (!status || (*status == 0 && !may_read(process))) {
        return std::nullopt;
    }
    return ExitStatus::from_wait_status(*status);
}

std::optional<ExitStatus> of_zombie(const Process& process) {
    return in_stat(process, proc::open_file(process, "stat", O_RDONLY));
}

} // namespace

std::string ExitStatus::to_string() const {
    if (code) {
        return "exited with " + std::to_string(*code);
    }
    if (signal) {
        return "killed by " + signal->name() + (core ? ", core dumped" : "");
    }
    return "ended, the kernel does not say how";
}

ExitStatus ExitStatus::from_wait_status(int status) noexcept {
    if (WIFEXITED(status)) {
        return {WEXITSTATUS(status), std::nullopt, false};
    }
    if (WIFSIGNALED(status)) {
        return {std::nullopt, signal_of(WTERMSIG(status)), WCOREDUMP(status) != 0};
    }
    return {};
}

std::optional<ExitStatus> status_of_zombie(int proc, const Process& process) {
    return in_stat(process, proc::open_file_in(proc, process, "stat", O_RDONLY));
}

Result<ExitStatus> exit_status(const Process& process) {
    Result<ProcessState> state = process.state();
    if (!state) {
        return forward_error(state);
    }
    if (*state == ProcessState::alive) {
        return failure(EBUSY, "exit_status", "process " + std::to_string(process.pid()) + " has not exited");
    }
    // Asked again at the end: it may be reaped between the questions.
    for (const auto source : {of_own_child, of_reaped, of_zombie, of_reaped}) {
        if (const std::optional<ExitStatus> status = source(process)) {
            return *status;
        }
    }
    return ExitStatus{};
}

} // namespace sig2pid
