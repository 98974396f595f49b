// SPDX-License-Identifier: BSD-2-Clause
#include "cli/send_whole.hpp"

#include "cli/output.hpp"

#include <algorithm>
#include <csignal>

namespace sig2pid::cli {
namespace {

// Freezing takes less than a millisecond, but where a process waits for a disk.
constexpr std::chrono::seconds freeze_patience{2};

} // namespace

bool is_growing(const Choice& choice, const SelectWords& words) {
    return !words.confirm && !words.newest && !words.oldest && std::ranges::any_of(choice.targets, &Target::can_grow);
}

std::optional<Receiver> hold_off_enders(std::string_view command) {
    Result<Receiver> enders = Receiver::make({Signal(SIGINT), Signal(SIGTERM), Signal(SIGHUP), Signal(SIGQUIT)});
    if (!enders) {
        report(command, enders.error());
        return std::nullopt;
    }
    return std::move(*enders);
}

std::vector<FrozenCgroup> freeze_groups(std::string_view command, const Choice& choice) {
    std::vector<FrozenCgroup> frozen;
    for (const Target& target : choice.targets) {
        const std::string path = target.whole_cgroup();
        if (path.empty()) {
            continue;
        }
        Result<FrozenCgroup> group = FrozenCgroup::freeze(path, freeze_patience);
        if (group) {
            frozen.push_back(std::move(*group));
        } else if (group.error().reason != Reason::unsupported && group.error().reason != Reason::bad_input) {
            report(command, group.error().message() + "; its processes are signalled while they run");
        }
    }
    return frozen;
}

void hold_trees(std::string_view command, const Choice& choice, ProcessSet& set) {
    if (!std::ranges::any_of(choice.targets, &Target::has_tree)) {
        return;
    }
    if (const Result<> held = hold_still(choice.options, set); !held) {
        report(command, held.error());
    }
}

} // namespace sig2pid::cli
