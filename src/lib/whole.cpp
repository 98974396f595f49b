// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/whole.hpp>

#include "lib/cancel.hpp"
#include "lib/standstill.hpp"

#include <sig2pid/send.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace sig2pid {
namespace {

// Freezing takes less than a millisecond, but where a process waits for a disk.
constexpr std::chrono::seconds freeze_patience{2};

void act_on(const ProcessSet& set, std::size_t i, const Act& act) {
    const Result<> pinned = set.with(i, [&](const Process& process) { act(i, &process, set.judge_again(i, process)); });
    if (!pinned) {
        act(i, nullptr, pinned);
    }
}

/// Who was left alone, or survived, must not stay stopped.
void let_all_go_on(const ProcessSet& set) {
    for (std::size_t i = 0; i < set.size(); ++i) {
        [[maybe_unused]] const Result<> pinned = set.with(
            i, [](const Process& process) { [[maybe_unused]] const Result<> sent = send(process, Signal(SIGCONT)); });
    }
}

/// Acts on members from the `first` on. Of a tree that stands still the parents come last: when the parent of another
/// process group dies, the kernel lets a stopped group go on, and it could fork before its own turn.
Result<> act_from(const ProcessSet& set, std::size_t first, const ActOptions& options, const Act& act) {
    for (std::size_t i = first; i < set.size(); ++i) {
        if (is_cancelled(options.select.cancel_fd)) {
            return cancelled("act on all", "it was called off when " + std::to_string(i) + " of " +
                                               std::to_string(set.size()) + " processes had had their turn");
        }
        act_on(set, options.trees == Trees::stopped ? set.size() - 1 - (i - first) : i, act);
    }
    return {};
}

/// Acts on all there are, looks for more, and so on.
Result<> act_until_no_more(ProcessSet& set, const ActOptions& options, const Act& act) {
    std::size_t first = 0;
    for (int round = 0; first < set.size(); ++round) {
        if (round == most_rounds) {
            return failure(ELOOP, "act on all", "new processes appear faster than they can be acted on");
        }
        if (Result<> acted = act_from(set, first, options, act); !acted) {
            return acted;
        }
        first = set.size();
        if (options.newcomers == Newcomers::none) {
            break;
        }
        if (Result<std::size_t> more = select_more(options.select, set); !more) {
            return forward_error(more);
        }
    }
    return {};
}

} // namespace

FrozenTargets::FrozenTargets(std::span<const Target> targets, int cancel_fd) {
    for (const Target& target : targets) {
        const std::string path = target.whole_cgroup();
        if (path.empty()) {
            continue;
        }
        Result<FrozenCgroup> group = FrozenCgroup::freeze(path, freeze_patience, cancel_fd);
        if (group) {
            groups_.push_back(std::move(*group));
        } else if (group.error().reason != Reason::unsupported && group.error().reason != Reason::bad_input) {
            failures_.push_back(std::move(group).error());
        }
    }
}

Result<std::size_t> FrozenTargets::count() const {
    std::size_t all = 0;
    for (const FrozenCgroup& group : groups_) {
        const Result<std::size_t> count = group.count();
        if (!count) {
            return count;
        }
        all += *count;
    }
    return all;
}

Result<> FrozenTargets::kill() {
    for (FrozenCgroup& group : groups_) {
        if (Result<> killed = group.kill(); !killed) {
            return killed;
        }
    }
    return {};
}

Result<> act_on_all(ProcessSet& set, const ActOptions& options, const Act& act) {
    const bool stops = options.trees == Trees::stopped && options.newcomers != Newcomers::none &&
                       std::ranges::any_of(set.targets(), &Target::has_tree);
    const Result<> held = stops ? hold_still(options.select, set) : Result<>();
    const Result<> acted = act_until_no_more(set, options, act);
    if (stops) {
        let_all_go_on(set);
    }
    return held ? acted : held;
}

} // namespace sig2pid
