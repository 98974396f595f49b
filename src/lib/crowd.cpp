// SPDX-License-Identifier: BSD-2-Clause
#include "lib/crowd.hpp"

#include "lib/set_builder.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>

namespace sig2pid {
namespace {

Result<bool> has_exited(const Token& token) {
    Result<Process> process = Process::from_token(token);
    if (!process) {
        return process.error().reason == Reason::gone ? Result<bool>(true) : forward_error(process);
    }
    Result<ProcessState> state = process->state();
    return state ? Result<bool>(*state != ProcessState::alive) : forward_error(state);
}

} // namespace

Result<Crowd> Crowd::make(int cancel_fd) {
    Result<ExitWatch> watch = ExitWatch::make(cancel_fd);
    return watch ? Result<Crowd>(Crowd(std::move(*watch))) : forward_error(watch);
}

Result<> Crowd::add(const Process& process) {
    if (Result<> watched = watch_.add(process, members_.size()); !watched) {
        return watched;
    }
    members_.push_back({{process.pid(), process.inode(), std::nullopt}, &process, std::nullopt, State::watched});
    ++watched_;
    return {};
}

void Crowd::add(const Token& token) {
    members_.push_back({token});
}

Result<> Crowd::add_all(ProcessSet& set) {
    std::size_t i = members_.size();
    for (const ProcessSet::Member& member : set.members()) {
        add({member.pid, member.inode, std::nullopt});
    }
    for (Process& process : set.take_held()) {
        if (Result<> watched = watch(i++, std::move(process)); !watched) {
            return watched;
        }
    }
    return {};
}

Result<> Crowd::watch(std::size_t i, Process process) {
    if (Result<> added = watch_.add(process, i); !added) {
        return added;
    }
    members_[i].own = std::move(process);
    members_[i].state = State::watched;
    ++watched_;
    return {};
}

const Process* Crowd::pinned(std::size_t i) const noexcept {
    const Member& member = members_[i];
    return member.own ? &*member.own : member.borrowed;
}

bool Crowd::is_queueing() const noexcept {
    return std::ranges::find(members_, State::queued, &Member::state) != members_.end();
}

Result<ExitWatch::Events> Crowd::wait(Deadline until) {
    Result<std::vector<std::size_t>> gone = fill();
    if (!gone) {
        return forward_error(gone);
    }
    if (!gone->empty()) {
        return ExitWatch::Events{.exited = std::move(*gone)};
    }
    return watch_.wait(until);
}

/// Pins who waits for a descriptor, as far as there are some; those that were gone by then.
Result<std::vector<std::size_t>> Crowd::fill() {
    std::vector<std::size_t> gone;
    for (; free_ != 0 && next_ < members_.size(); ++next_) {
        if (members_[next_].state != State::queued) {
            continue;
        }
        if (!free_) { // one at least: that it cannot be had is better told than waited out
            free_ = std::max<std::size_t>(free_descriptors(), 1);
        }
        Result<Process> process = Process::from_token(members_[next_].token);
        if (process) {
            if (Result<> watched = watch(next_, std::move(*process)); !watched) {
                return forward_error(watched);
            }
            --*free_;
        } else if (process.error().reason == Reason::gone) {
            gone.push_back(next_);
        } else if (sys::is_shortage(process.error().code) && watched_ > 0) {
            break; // the program has opened others meanwhile
        } else {
            return forward_error(process);
        }
    }
    return gone;
}

Result<std::vector<std::size_t>> Crowd::find_exited() const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].state != State::queued && members_[i].state != State::aside) {
            continue;
        }
        const Result<bool> exited = has_exited(members_[i].token);
        if (!exited) {
            return std::unexpected(exited.error());
        }
        if (*exited) {
            found.push_back(i);
        }
    }
    return found;
}

void Crowd::set_aside(std::size_t i) {
    const bool is_waited_for = next_ < members_.size();
    if (members_[i].state == State::queued || (is_waited_for && members_[i].own)) {
        leave(i, State::aside);
    }
}

void Crowd::leave(std::size_t i, State state) {
    Member& member = members_[i];
    watched_ -= member.state == State::watched ? 1U : 0U;
    if (free_ && member.own) {
        ++*free_;
    }
    member.own.reset();
    member.state = state;
}

} // namespace sig2pid
