// SPDX-License-Identifier: BSD-2-Clause
#include "lib/scout.hpp"

#include "lib/cancel.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace sig2pid {
namespace {

constexpr unsigned kernel_thread_flag = 0x00200000; // PF_KTHREAD of linux/sched.h
constexpr unsigned kernel_thread_parent = 2;        // kthreadd, in the first PID namespace

/// Errors that only say that a candidate is no process any more.
bool is_just_gone(const Error& error) {
    return error.reason == Reason::gone || error.reason == Reason::not_a_leader;
}

bool asks_for_own_user(const Judge& judge) {
    return std::ranges::any_of(judge.checks(), [](const Check& check) {
        const auto* user = std::get_if<uid_t>(&check.operand);
        return check.condition.kind == Condition::Kind::user && user != nullptr && *user == ::geteuid();
    });
}

std::string count_text(std::size_t count) {
    return count == 1 ? "1 process" : std::to_string(count) + " processes";
}

} // namespace

Tally& Tally::operator+=(const Tally& other) {
    std::ranges::transform(passed, other.passed, passed.begin(), std::plus());
    matched += other.matched;
    excluded += other.excluded;
    foreign += other.foreign;
    unreadable += other.unreadable;
    return *this;
}

std::string Tally::explain(const Judge& judge) const {
    if (unreadable == 0) {
        return explain_by_conditions(judge);
    }
    const std::string hint = ::geteuid() == 0 ? "" : ": only root may";
    return explain_by_conditions(judge) + "; " + count_text(unreadable) + " could not be looked at" + hint;
}

std::string Tally::explain_by_conditions(const Judge& judge) const {
    for (std::size_t i = 0; i < passed.size(); ++i) {
        const std::string& condition = judge.checks()[i].condition.text;
        if (passed[i] == 0 && i == 0) {
            return "no process with " + condition;
        }
        if (passed[i] == 0) {
            return count_text(passed[i - 1]) + " with " + judge.checks()[i - 1].condition.text + ", none with " +
                   condition;
        }
    }
    if (excluded > 0) {
        return "only matches what a selector never selects: sig2pid itself and its ancestors, PID 1, kernel threads, "
               "processes of other PID namespaces; name it by its PID if that is meant";
    }
    return "what matches has exited";
}

Scout::Scout(const Judge& judge, Ancestry ancestry, const Scene& scene)
    : judge_(judge), ancestry_(ancestry), scene_(scene), facts_(scene.proc), fdinfo_(scene.proc), tally_(judge) {}

/// With hidepid PID 1 of another user, which is always there, cannot be looked at.
Result<> Scout::check_not_hidden() {
    facts_.look_at(1);
    if (asks_for_own_user(judge_) || facts_.comm()) {
        return {};
    }
    if (sys::is_shortage(facts_.error())) {
        return cannot_look_at(1, facts_.error());
    }
    return failure(EACCES, "read /proc",
                   "/proc hides the processes of others (hidepid): add user:" + std::to_string(::geteuid()) +
                       " to select among your own, or run this as root",
                   Reason::no_permission);
}

/// Those of one kind often follow each other: after a match the look without a pin would be one more, and no less.
std::optional<Process> Scout::look_through(pid_t pid) {
    std::optional<Process> process = last_matched_ ? pin(pid, 0) : look_then_pin(pid);
    last_matched_ = process.has_value();
    return process;
}

/// Whether something has ended the search.
bool Scout::is_over() {
    if (!error_ && is_cancelled(scene_.options.cancel_fd)) {
        error_ = cancelled("select").error();
    }
    return error_.has_value();
}

std::optional<Process> Scout::look_then_pin(pid_t pid) {
    if (is_over()) {
        return std::nullopt;
    }
    facts_.look_at(pid);
    if (!matches(nullptr, Counting::on)) {
        return std::nullopt;
    }
    std::optional<Process> process = open(pid, 0);
    return process ? take(std::move(*process), Counting::off) : std::nullopt;
}

std::optional<Process> Scout::pin(pid_t pid, std::uint64_t inode) {
    std::optional<Process> process = open(pid, inode);
    return process ? judge(std::move(*process)) : std::nullopt;
}

std::optional<Process> Scout::judge(Process process) {
    facts_.look_at(process.pid());
    return take(std::move(process), Counting::on);
}

std::optional<Process> Scout::open(pid_t pid, std::uint64_t inode) {
    if (is_over()) {
        return std::nullopt;
    }
    if (is_own(pid)) {
        ++tally_.excluded;
        return std::nullopt;
    }
    Result<Process> process = Process::open(pid);
    if (!process) {
        if (!is_just_gone(process.error())) {
            error_ = std::move(process).error();
        }
        return std::nullopt;
    }
    return inode == 0 || process->inode() == inode ? std::optional(std::move(*process)) : std::nullopt;
}

/// The judgement that counts: the process is pinned, and has not been reaped when all was read.
std::optional<Process> Scout::take(Process process, Counting counting) {
    facts_.look_again();
    if (!matches(&process, counting)) {
        return std::nullopt;
    }
    if (is_own(process.pid())) { // a pidfile names a process, and still is no PID that somebody typed
        ++tally_.excluded;
        return std::nullopt;
    }
    if ((!judge_.is_explicit() && !may_be_selected(process)) || is_short()) {
        return std::nullopt;
    }
    ++tally_.matched;
    return process;
}

bool Scout::matches(const Process* pin, Counting counting) {
    for (std::size_t i = 0; i < tally_.passed.size(); ++i) {
        Result<Holds> answer = judge_.judge(i, facts_, pin);
        if (!answer) {
            error_ = std::move(answer).error();
            return false;
        }
        if (*answer == Holds::unreadable && is_short()) {
            return false;
        }
        if (*answer == Holds::unreadable && counting == Counting::on && !is_own(facts_.pid())) {
            ++tally_.unreadable;
        }
        if (*answer != Holds::yes) {
            return false;
        }
        tally_.passed[i] += counting == Counting::on ? 1U : 0U;
    }
    return true;
}

/// Whether it was a shortage of our own that something could not be read for, which ends the search.
bool Scout::is_short() {
    if (sys::is_shortage(facts_.error())) {
        error_ = cannot_look_at(facts_.pid(), facts_.error()).error();
    }
    return error_.has_value();
}

bool Scout::is_own(pid_t pid) const {
    if (judge_.is_explicit() || ancestry_ != Ancestry::excluded) {
        return false;
    }
    return pid == 1 || std::ranges::find(scene_.own, pid) != scene_.own.end();
}

/// Kernel threads are children of kthreadd; only what may be one is looked at closely.
bool Scout::is_kernel_thread(const Process& process) {
    sys::PidfdInfo info;
    info.mask = sys::info_pid;
    const bool told = sys::calls().pidfd_get_info(process.fd(), info) == 0 && (info.mask & sys::info_pid) != 0;
    if (told && info.ppid > kernel_thread_parent) {
        return false;
    }
    const proc::Stat* stat = facts_.stat();
    return stat == nullptr ? !is_short() : (stat->flags & kernel_thread_flag) != 0;
}

/// Whether all of it has exited: a leader without its threads has not.
bool Scout::is_zombie() {
    const proc::Status* status = facts_.status();
    return status == nullptr ||
           ((status->signals.state == 'Z' || status->signals.state == 'X') && status->signals.threads <= 1);
}

/// Read last: while the pin's descriptor shows a PID, the process has not been reaped, and all that was read before
/// under that PID was read of it.
bool Scout::may_be_selected(const Process& process) {
    if (is_kernel_thread(process)) {
        ++tally_.excluded;
        return false;
    }
    const Result<ProcessState> state = process.state();
    if (!state || (*state != ProcessState::alive && !judge_.wants_zombies() && is_zombie())) {
        return false;
    }
    const Result<proc::FdInfo> info = fdinfo_.read(process.fd());
    if (!info && sys::is_shortage(info.error().code)) {
        error_ = cannot_look_at(process.pid(), info.error().code).error();
    }
    if (!info || info->pid <= 0) {
        return false;
    }
    const bool is_meant = info->depth <= 1 || ancestry_ == Ancestry::everybody;
    tally_.excluded += is_meant ? 0U : 1U;
    tally_.foreign += is_meant ? 0U : 1U;
    return is_meant;
}

} // namespace sig2pid
