// SPDX-License-Identifier: BSD-2-Clause
#include "cli/send_whole.hpp"

#include "cli/output.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace sig2pid::cli {

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

FrozenTargets freeze_groups(std::string_view command, const Choice& choice) {
    FrozenTargets frozen(choice.targets);
    for (const Error& failure : frozen.failures()) {
        report(command, failure.message() + "; its processes are signalled while they run");
    }
    return frozen;
}

bool is_all_of(const FrozenTargets& frozen, const ProcessSet& set) {
    return frozen.size() == set.targets().size() && frozen.count() == set.size();
}

Result<ProcessSet> groups_of(const ProcessSet& set, const Choice& choice) {
    std::vector<pid_t> leaders;
    for (const ProcessSet::Member& member : set.members()) {
        leaders.push_back(member.pid);
    }
    SelectOptions options = choice.options;
    options.pick = Pick::all;
    Result<ProcessSet> groups = select_groups(leaders, options);
    if (!groups || groups->misses().empty()) {
        return groups;
    }
    const pid_t pid = leaders[groups->misses().front().argument];
    return failure(ESRCH, "send",
                   "process " + std::to_string(pid) + ": it leads no process group; name the leader. Nothing was sent",
                   Reason::bad_input);
}

} // namespace sig2pid::cli
