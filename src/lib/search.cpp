// SPDX-License-Identifier: BSD-2-Clause
#include "lib/search.hpp"

#include "lib/proc_scan.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace sig2pid {
namespace {

constexpr unsigned kernel_thread_flag = 0x00200000; // PF_KTHREAD of linux/sched.h
constexpr pid_t kernel_thread_parent = 2;           // kthreadd, in the first PID namespace

/// Errors that only say that a candidate is no process any more.
bool is_just_gone(const Error& error) {
    return error.reason == Reason::gone || error.reason == Reason::not_a_leader;
}

bool is_zombie(const SignalStatus& status) {
    return (status.state == 'Z' || status.state == 'X') && status.threads <= 1;
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
      out_(out), facts_(scene.proc) {}

Result<> Search::run() {
    matched_ = excluded_ = unreadable_ = 0;
    passed_.assign(judge_.checks().size(), 0);
    Result<> looked = look_for_candidates();
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
    const bool named = judge_.is_explicit();
    if (!matches(&process, counting) || (!named && !may_be_selected()) || !(named || is_there(process))) {
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

bool Search::is_kernel_thread(const proc::Status& status) {
    if (status.parent > kernel_thread_parent) {
        return false;
    }
    const proc::Stat* stat = facts_.stat();
    return stat == nullptr || (stat->flags & kernel_thread_flag) != 0;
}

bool Search::may_be_selected() {
    const proc::Status* status = facts_.status();
    if (status == nullptr) {
        unreadable_ += facts_.is_gone() ? 0U : 1U;
        return false;
    }
    const bool foreign = status->signals.is_below_us || is_kernel_thread(*status);
    const bool dead = !judge_.wants_zombies() && is_zombie(status->signals);
    excluded_ += foreign ? 1U : 0U;
    return !foreign && !dead;
}

bool Search::is_there(const Process& process) const {
    const Result<ProcessState> state = process.state();
    return state && *state != ProcessState::gone;
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
