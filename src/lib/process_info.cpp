// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/process_info.hpp>

#include "lib/facts.hpp"
#include "lib/proc_scan.hpp"
#include "lib/syscalls.hpp"
#include "lib/users.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/send.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <unistd.h>

namespace sig2pid {
namespace {

std::chrono::nanoseconds age_of(std::uint64_t start_ticks) {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const std::chrono::nanoseconds uptime = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    const auto tick = std::chrono::nanoseconds(std::chrono::seconds(1)) / ::sysconf(_SC_CLK_TCK);
    return std::max(uptime - tick * static_cast<std::int64_t>(start_ticks), std::chrono::nanoseconds(0));
}

std::string spaced(std::string_view arguments) {
    std::string text(arguments.substr(0, arguments.find_last_not_of('\0') + 1));
    std::ranges::replace(text, '\0', ' ');
    return text;
}

Result<Effect> effect_on_living(const Process& process, Signal signal) {
    Result<SignalStatus> status = signal_status(process);
    if (!status) {
        return forward_error(status);
    }
    const Delivery foreseen = foresee(process, *status, signal);
    if (foreseen.blocked) {
        return Effect::blocked;
    }
    if (foreseen.verdict == Verdict::ignored) {
        return Effect::ignored;
    }
    if (status->caught.contains(signal)) {
        return Effect::handled;
    }
    switch (signal.default_action()) {
    case DefaultAction::stop:
        return Effect::stops;
    case DefaultAction::cont:
        return Effect::continues;
    case DefaultAction::ignore:
        return Effect::ignored;
    default:
        return Effect::ends;
    }
}

} // namespace

Result<ProcessInfo> process_info(const Process& process) {
    Result<UniqueFd> proc = proc::open_proc();
    if (!proc) {
        return forward_error(proc);
    }
    Facts facts(proc->get());
    facts.look_at(process.pid());
    const proc::Stat* stat = facts.stat();
    const proc::Status* status = facts.status();
    const auto command = facts.command_line();
    const Result<ProcessState> state = process.state();
    if (state && *state == ProcessState::gone) {
        return failure(ESRCH, "read /proc", "process " + std::to_string(process.pid()) + " is gone", Reason::gone);
    }
    if (stat == nullptr || status == nullptr) {
        return facts.is_gone() ? failure(EACCES, "read /proc",
                                         "/proc hides process " + std::to_string(process.pid()) + " (hidepid)",
                                         Reason::no_permission)
                               : failure(facts.error(), "read /proc");
    }
    ProcessInfo info;
    info.name = stat->comm;
    info.command = command ? spaced(*command) : std::string();
    info.uid = status->signals.effective_uid;
    info.user = user_name(info.uid);
    info.parent = stat->parent;
    info.group = stat->group;
    info.session = stat->session;
    info.state = stat->state;
    info.age = age_of(stat->start_time);
    return info;
}

Result<std::vector<pid_t>> ancestors() {
    Result<UniqueFd> proc = proc::open_proc();
    if (!proc && sys::is_shortage(proc.error().code)) {
        return forward_error(proc);
    }
    Facts facts(proc ? proc->get() : -1);
    std::vector<pid_t> all;
    for (pid_t pid = ::getppid(); pid > 0;) {
        all.push_back(pid);
        facts.look_at(pid);
        const proc::Stat* stat = facts.stat();
        if (stat == nullptr && sys::is_shortage(facts.error())) {
            return cannot_look_at(pid, facts.error());
        }
        pid = stat != nullptr ? stat->parent : 0;
    }
    return all;
}

std::string_view to_string(Effect effect) noexcept {
    constexpr std::array<std::string_view, 9> names = {"handled",   "blocked", "ignored", "ends", "stops",
                                                       "continues", "denied",  "zombie",  "gone"};
    return names[static_cast<std::size_t>(effect)];
}

Result<Effect> effect_of(const Process& process, Signal signal) {
    const Result<ProcessState> state = process.state();
    if (!state) {
        return std::unexpected(state.error());
    }
    if (*state != ProcessState::alive) {
        return *state == ProcessState::zombie ? Effect::zombie : Effect::gone;
    }
    const Result<> probed = probe(process);
    if (!probed) {
        switch (probed.error().reason) {
        case Reason::no_permission:
            if (signal.number() == SIGCONT && ::getsid(process.pid()) == ::getsid(0)) {
                break; // within a session it is for everybody
            }
            return Effect::denied;
        case Reason::foreign_namespace:
            return Effect::denied;
        case Reason::gone:
            return Effect::gone;
        default:
            return std::unexpected(probed.error());
        }
    }
    Result<Effect> effect = effect_on_living(process, signal);
    const bool gone = !effect && effect.error().reason == Reason::gone;
    return gone ? Result<Effect>(Effect::gone) : effect;
}

} // namespace sig2pid
