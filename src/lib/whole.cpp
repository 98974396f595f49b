// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/whole.hpp>

#include <sig2pid/send.hpp>

#include <algorithm>
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

/// Acts on all there are, looks for more, and so on.
Result<> act_until_no_more(ProcessSet& set, const ActOptions& options, const Act& act) {
    for (std::size_t first = 0; first < set.size();) {
        for (; first < set.size(); ++first) {
            act_on(set, first, act);
        }
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

FrozenTargets::FrozenTargets(std::span<const Target> targets) {
    for (const Target& target : targets) {
        const std::string path = target.whole_cgroup();
        if (path.empty()) {
            continue;
        }
        Result<FrozenCgroup> group = FrozenCgroup::freeze(path, freeze_patience);
        if (group) {
            groups_.push_back(std::move(*group));
        } else if (group.error().reason != Reason::unsupported && group.error().reason != Reason::bad_input) {
            failures_.push_back(std::move(group).error());
        }
    }
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
