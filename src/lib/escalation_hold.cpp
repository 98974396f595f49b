// SPDX-License-Identifier: BSD-2-Clause
#include "lib/escalation_hold.hpp"

#include "lib/deadline.hpp"
#include "lib/standstill.hpp"

#include <sig2pid/send.hpp>

#include <cerrno>
#include <csignal>

namespace sig2pid {
namespace {

// For all that are stopped in one of those rounds. Who takes longer must not keep the others from being signalled.
constexpr std::chrono::seconds standstill_patience{5};

} // namespace

Result<> Hold::take(const Questions& questions, Deadline until) {
    if (offspring_ != nullptr) {
        offspring_->hold();
    }
    Result<> held = hold_all(questions, until);
    if (!held) {
        release(); // an error must not leave them standing
    }
    return held;
}

Result<> Hold::hold_all(const Questions& questions, Deadline until) {
    for (int round = 0; round < most_rounds; ++round) {
        if (questions.is_called_off()) {
            return {};
        }
        if (offspring_ == nullptr || !offspring_->holds_all()) {
            if (Result<> stopped = stop_all(questions, until); !stopped) {
                return stopped;
            }
        }
        Result<std::size_t> found = questions.adopt_newcomers();
        if (!found) {
            return forward_error(found);
        }
        if (*found == 0) {
            return {};
        }
    }
    return failure(ELOOP, "escalation", "new processes appear faster than they can be stopped");
}

Result<> Hold::stop_all(const Questions& questions, Deadline until) {
    std::vector<std::size_t> now;
    stopped_.resize(crowd_.size());
    for (std::size_t i = 0; i < stopped_.size(); ++i) {
        if (stopped_[i] || !questions.is_meant(i)) {
            continue;
        }
        const Result<> pinned =
            crowd_.with(i, [&](const Process& process) { stopped_[i] = send(process, Signal(SIGSTOP)).has_value(); });
        if (!pinned && pinned.error().reason != Reason::gone) {
            return pinned;
        }
        if (stopped_[i]) {
            now.push_back(i);
        }
    }
    const Deadline patience = earlier(deadline_after(standstill_patience), until);
    for (const std::size_t i : now) {
        [[maybe_unused]] const Result<> pinned = crowd_.with(i, [&](const Process& process) {
            [[maybe_unused]] const bool stands = await_standstill(process, patience, questions.is_called_off);
        });
    }
    return {};
}

void Hold::release(Release which) {
    if (offspring_ != nullptr) {
        offspring_->release();
    }
    if (which == Release::groups) {
        return;
    }
    for (std::size_t i = 0; i < stopped_.size(); ++i) {
        if (stopped_[i]) {
            stopped_[i] = false;
            let_go_on(crowd_, i);
        }
    }
}

void let_go_on(const Crowd& crowd, std::size_t i) {
    [[maybe_unused]] const Result<> pinned = crowd.with(
        i, [](const Process& process) { [[maybe_unused]] const Result<> sent = send(process, Signal(SIGCONT)); });
}

} // namespace sig2pid
