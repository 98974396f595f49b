// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/engine/task_source.hpp>

#include "engine/capability.hpp"
#include "engine/encode.hpp"
#include "engine/kernel.hpp"
#include "engine/security_modules.hpp"
#include "engine/task_pass.hpp"
#include "lib/users.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sig2pid::engine {

namespace {

using Kind = Condition::Kind;

constexpr std::size_t comm_length = 15;     ///< of a longer name the kernel keeps no more
constexpr std::size_t worth_loading = 3000; ///< processes; loading costs as much as to read so many in /proc

bool is_judged_in_kernel(const Condition& condition) {
    switch (condition.kind) {
    case Kind::name:
    case Kind::user:
    case Kind::group:
    case Kind::session:
        return true;
    default:
        return false;
    }
}

/// Whether the kernel's answer is the whole answer.
bool is_judged_wholly(const Condition& condition) {
    return is_judged_in_kernel(condition) && (condition.kind != Kind::name || condition.value.size() < comm_length);
}

Result<> add(const Condition& condition, s2p_selection& selection) {
    switch (condition.kind) {
    case Kind::name:
        selection.has_name = 1;
        condition.value.copy(selection.name, comm_length);
        break;
    case Kind::user: {
        const Result<uid_t> user = find_user(condition.value);
        if (!user) {
            return std::unexpected(user.error());
        }
        selection.has_uid = 1;
        selection.uid = *user;
        break;
    }
    case Kind::group:
        selection.group = static_cast<__u32>(std::get<int>(condition.operand));
        break;
    case Kind::session:
        selection.session = static_cast<__u32>(std::get<int>(condition.operand));
        break;
    default:
        break;
    }
    return {};
}

/// Of several conditions of one kind the program judges one; the others must be left to select().
bool has_each_kind_once(std::span<const Condition> conditions) {
    return std::ranges::all_of(conditions, [&](const Condition& each) {
        return std::ranges::count(conditions, each.kind, &Condition::kind) == 1;
    });
}

Result<s2p_selection> selection_for(const Target& target) {
    s2p_selection selection = {};
    for (const Condition& condition : target.conditions()) {
        if (const Result<> added = add(condition, selection); !added) {
            return std::unexpected(added.error());
        }
    }
    return selection;
}

std::string name_of(const s2p_found& found) {
    return {found.comm, strnlen(found.comm, sizeof(found.comm))};
}

Signalled signalled(const s2p_found& found) {
    Signalled one = {.pid = static_cast<pid_t>(found.pid), .inode = found.inode, .name = name_of(found)};
    if (found.verdict < S2P_VERDICTS) {
        one.verdict = static_cast<Verdict>(found.verdict);
    }
    one.blocked = found.blocked != 0;
    return one;
}

} // namespace

bool TaskSource::is_worth_it(const Target& target) {
    return !target.names_one() && std::ranges::any_of(target.conditions(), is_judged_in_kernel) &&
           process_count() >= worth_loading && missing_for_bpf().empty();
}

Result<> TaskSource::find(const Target& target, const Found& found) {
    Result<s2p_selection> selection = selection_for(target);
    if (!selection) {
        return forward_error(selection);
    }
    selection->zombies = 1; // select() knows whether they are meant
    return run_task_pass(*selection, std::nullopt, [&](const s2p_found& each) {
        found({.pid = static_cast<pid_t>(each.pid), .inode = each.inode});
    });
}

bool can_signal_matching(const Target& target) {
    const auto kernel = KernelFeatures::read();
    return std::ranges::all_of(target.conditions(), is_judged_wholly) && has_each_kind_once(target.conditions()) &&
           kernel && kernel->send_signal_task && kernel->pidfs && missing_for_bpf().empty() && may_signal_everyone() &&
           can_spare_ancestors();
}

Result<std::optional<std::size_t>> signal_matching(const Target& target, Signal signal,
                                                   const std::function<void(const Signalled&)>& told) {
    if (!can_signal_matching(target)) {
        return std::nullopt;
    }
    const Result<s2p_selection> selection = selection_for(target);
    if (!selection) {
        return std::unexpected(selection.error());
    }
    std::size_t count = 0;
    const Result<> ran = run_task_pass(*selection, signal, [&](const s2p_found& each) {
        count++;
        told(signalled(each));
    });
    if (!ran) {
        return std::unexpected(ran.error());
    }
    return count;
}

} // namespace sig2pid::engine
