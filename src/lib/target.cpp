// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/target.hpp>

#include "lib/condition.hpp"
#include "lib/pidfile.hpp"
#include "lib/select.hpp"

#include <algorithm>
#include <cerrno>

namespace sig2pid {
namespace {

/// Where the value of `text` at `start` ends: at a comma that no backslash stands before.
std::size_t end_of_piece(std::string_view text, std::size_t start) {
    std::size_t end = start;
    while (end < text.size() && (text[end] != ',' || (end > start && text[end - 1] == '\\'))) {
        ++end;
    }
    return end;
}

bool is_explicit_kind(Condition::Kind kind) {
    return kind == Condition::Kind::pid || kind == Condition::Kind::token || kind == Condition::Kind::fd;
}

} // namespace

std::unexpected<Error> bad_target(const Piece& piece, std::size_t offset, const std::string& why) {
    const std::size_t column = piece.start + offset + 1;
    std::string context =
        "target '" + std::string(piece.whole.substr(0, 64)) + "', column " + std::to_string(column) + ": " + why;
    return std::unexpected(Error{EINVAL, "parse target", std::move(context), Reason::bad_input, column});
}

Result<std::vector<Condition>> parse_conditions(std::string_view text, unsigned depth) {
    std::vector<Condition> conditions;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = end_of_piece(text, start);
        Result<Condition> condition = parse_condition({text, text.substr(start, end - start), start}, depth);
        if (!condition) {
            return forward_error(condition);
        }
        conditions.push_back(std::move(*condition));
        start = end + 1;
    }
    return conditions;
}

Result<Target> parse_nested_target(std::string_view text, unsigned depth) {
    Result<std::vector<Condition>> conditions = parse_conditions(text, depth);
    if (!conditions) {
        return forward_error(conditions);
    }
    return Target(text, std::move(*conditions));
}

Result<Target> Target::parse(std::string_view text) {
    return parse_nested_target(text, 0);
}

bool Target::is_explicit() const noexcept {
    return conditions_.size() == 1 && is_explicit_kind(conditions_.front().kind);
}

bool Target::names_one() const noexcept {
    return is_explicit() || (conditions_.size() == 1 && conditions_.front().kind == Condition::Kind::pidfile);
}

bool Target::can_grow() const noexcept {
    return std::ranges::any_of(conditions_, [](const Condition& condition) {
        return condition.kind == Condition::Kind::tree || condition.kind == Condition::Kind::child_of ||
               condition.kind == Condition::Kind::cgroup || condition.kind == Condition::Kind::unit;
    });
}

bool Target::has_tree() const noexcept {
    return std::ranges::find(conditions_, Condition::Kind::tree, &Condition::kind) != conditions_.end();
}

std::string Target::whole_cgroup() const {
    const bool whole = conditions_.size() == 1 && conditions_.front().kind == Condition::Kind::cgroup;
    return whole ? conditions_.front().value : std::string();
}

Result<Process> pin_named(const Condition& condition, PidfileLock lock) {
    switch (condition.kind) {
    case Condition::Kind::pid:
        return Process::open(std::get<int>(condition.operand));
    case Condition::Kind::token:
        return Process::from_token(std::get<Token>(condition.operand));
    case Condition::Kind::fd:
        return Process::from_fd(std::get<int>(condition.operand));
    case Condition::Kind::pidfile:
        return pin_by_pidfile(condition.value, lock);
    default:
        return failure(EINVAL, "resolve target", "'" + condition.text + "' may mean several processes",
                       Reason::bad_input);
    }
}

Result<Process> resolve(const Target& target) {
    if (!target.names_one()) {
        return failure(EINVAL, "resolve target",
                       "'" + target.text() +
                           "' may mean several processes, and this needs one: PID, PID:INODE[:BOOT], fd:N or "
                           "pidfile:PATH",
                       Reason::bad_input);
    }
    Result<Process> process = pin_named(target.conditions().front(), PidfileLock::any);
    if (!process || target.is_explicit()) {
        return process;
    }
    const Result<std::vector<pid_t>> own = this_and_ancestors();
    if (!own) {
        return std::unexpected(own.error());
    }
    if (std::ranges::find(*own, process->pid()) != own->end()) {
        return failure(EPERM, "resolve target",
                       "'" + target.text() +
                           "' names this process or one of its ancestors, which only their own PID may",
                       Reason::bad_input);
    }
    return process;
}

} // namespace sig2pid
