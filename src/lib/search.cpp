// SPDX-License-Identifier: BSD-2-Clause
#include "lib/search.hpp"

#include "lib/proc_scan.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
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

/// With hidepid PID 1 of another user, which is always there, cannot be looked at.
Result<> check_not_hidden(Facts& facts) {
    facts.look_at(1);
    if (facts.comm()) {
        return {};
    }
    return failure(EACCES, "read /proc",
                   "/proc hides the processes of others (hidepid): add user:" + std::to_string(::geteuid()) +
                       " to select among your own, or run this as root",
                   Reason::no_permission);
}

std::string count_text(std::size_t count) {
    return count == 1 ? "1 process" : std::to_string(count) + " processes";
}

} // namespace

Search::Search(const Judge& judge, std::size_t argument, Ancestry ancestry, const Scene& scene, SetBuilder& out)
    : judge_(judge), target_(out.targets()[argument]), argument_(argument), ancestry_(ancestry), scene_(scene),
      out_(out), facts_(scene.proc),
      fdinfo_(sys::calls().openat(scene.proc, "thread-self/fdinfo", O_RDONLY | O_DIRECTORY)) {}

Result<> Search::run() {
    matched_ = excluded_ = unreadable_ = 0;
    passed_.assign(judge_.checks().size(), 0);
    const Result<> looked = look_for_candidates();
    return error_ ? Result<>(std::unexpected(*error_)) : looked;
}

Result<> Search::look_for_candidates() {
    switch (judge_.seeds()) {
    case Judge::Seeds::named: {
        Result<Process> process = judge_.named().duplicate();
        if (!process) {
            return forward_error(process);
        }
        facts_.look_at(process->pid());
        take(std::move(*process), Counting::on);
        return {};
    }
    case Judge::Seeds::family:
        for (const Family::Member& member : judge_.family().members()) {
            pin(member.pid, member.inode, Counting::on);
        }
        return {};
    case Judge::Seeds::everywhere:
        break;
    }
    CandidateSource* source = scene_.options.source;
    const bool asked = scene_.options.backend == Backend::bpf;
    const bool worth =
        scene_.options.backend == Backend::automatic && source != nullptr && source->is_worth_it(target_);
    return asked || worth ? ask(*source) : walk();
}

Result<> Search::walk() {
    if (!asks_for_own_user(judge_)) {
        if (Result<> visible = check_not_hidden(facts_); !visible) {
            return visible;
        }
    }
    return proc::for_each_number(scene_.proc, [this](pid_t pid) { look_through(pid); });
}

Result<> Search::ask(CandidateSource& source) {
    return source.find(target_,
                       [this](const Candidate& candidate) { pin(candidate.pid, candidate.inode, Counting::on); });
}

/// A look without a pin, which most do not pass.
void Search::look_through(pid_t pid) {
    if (error_) {
        return;
    }
    facts_.look_at(pid);
    if (matches(nullptr, Counting::on)) {
        pin(pid, 0, Counting::off);
    }
}

void Search::pin(pid_t pid, std::uint64_t inode, Counting counting) {
    if (error_) {
        return;
    }
    if (facts_.pid() != pid || counting == Counting::on) {
        facts_.look_at(pid);
    }
    if (is_own(pid)) {
        ++excluded_;
        return;
    }
    Result<Process> process = Process::open(pid);
    if (!process) {
        if (!is_just_gone(process.error())) {
            error_ = std::move(process).error();
        }
        return;
    }
    if (inode == 0 || process->inode() == inode) {
        take(std::move(*process), counting);
    }
}

/// The judgement that counts: the process is pinned, and has not been reaped when all was read.
void Search::take(Process process, Counting counting) {
    facts_.look_again();
    if (!matches(&process, counting) || !(judge_.is_explicit() || may_be_selected(process))) {
        return;
    }
    ++matched_;
    if (!out_.has(process)) {
        out_.add(std::move(process), argument_);
    }
}

bool Search::matches(const Process* pin, Counting counting) {
    for (std::size_t i = 0; i < passed_.size(); ++i) {
        Result<Holds> answer = judge_.judge(i, facts_, pin);
        if (!answer) {
            error_ = std::move(answer).error();
            return false;
        }
        unreadable_ += *answer == Holds::unreadable && counting == Counting::on ? 1U : 0U;
        if (*answer != Holds::yes) {
            return false;
        }
        passed_[i] += counting == Counting::on ? 1U : 0U;
    }
    return true;
}

bool Search::is_own(pid_t pid) const {
    if (judge_.is_explicit() || ancestry_ == Ancestry::included) {
        return false;
    }
    return pid == 1 || std::ranges::find(scene_.own, pid) != scene_.own.end();
}

/// Kernel threads are children of kthreadd; only what may be one is looked at closely.
bool Search::is_kernel_thread(const Process& process) {
    sys::PidfdInfo info;
    info.mask = sys::info_pid;
    const bool told = sys::calls().pidfd_get_info(process.fd(), info) == 0 && (info.mask & sys::info_pid) != 0;
    if (told && info.ppid > kernel_thread_parent) {
        return false;
    }
    const proc::Stat* stat = facts_.stat();
    return stat == nullptr || (stat->flags & kernel_thread_flag) != 0;
}

/// Whether all of it has exited: a leader without its threads has not.
bool Search::is_zombie() {
    const proc::Status* status = facts_.status();
    return status == nullptr ||
           ((status->signals.state == 'Z' || status->signals.state == 'X') && status->signals.threads <= 1);
}

/// Read last: while the pin's descriptor shows a PID, the process has not been reaped, and all that was read before
/// under that PID was read of it.
bool Search::may_be_selected(const Process& process) {
    if (is_kernel_thread(process)) {
        ++excluded_;
        return false;
    }
    const Result<ProcessState> state = process.state();
    if (!state || (*state != ProcessState::alive && !judge_.wants_zombies() && is_zombie())) {
        return false;
    }
    const Result<std::string> text = proc::read_file(fdinfo_.get(), std::to_string(process.fd()));
    const Result<proc::FdInfo> info = text ? proc::parse_fdinfo(*text) : std::unexpected(text.error());
    if (!info || info->pid <= 0) {
        return false;
    }
    excluded_ += info->depth > 1 ? 1U : 0U;
    return info->depth <= 1;
}

std::string Search::explain() const {
    if (unreadable_ > 0) {
        return "no process matches; " + count_text(unreadable_) + " could not be looked at: only root may";
    }
    for (std::size_t i = 0; i < passed_.size(); ++i) {
        const std::string& condition = judge_.checks()[i].condition.text;
        if (passed_[i] == 0 && i == 0) {
            return "no process with " + condition;
        }
        if (passed_[i] == 0) {
            return count_text(passed_[i - 1]) + " with " + judge_.checks()[i - 1].condition.text + ", none with " +
                   condition;
        }
    }
    if (excluded_ > 0) {
        return "only matches what a selector never selects: sig2pid itself and its ancestors, PID 1, kernel threads, "
               "processes of other PID namespaces; name it by its PID if that is meant";
    }
    return "what matches has exited";
}

} // namespace sig2pid
