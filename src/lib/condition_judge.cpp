// SPDX-License-Identifier: BSD-2-Clause
// How each condition stands to one process.
#include "lib/cut_name.hpp"
#include "lib/judge.hpp"
#include "lib/regex.hpp"
#include "lib/syscalls.hpp"
#include "lib/words.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

namespace sig2pid {
namespace {

using Kind = Condition::Kind;

constexpr std::size_t longest_comm = 15;
constexpr std::string_view deleted_mark = " (deleted)"; // d_path() of the kernel

Holds holds(bool answer) {
    return answer ? Holds::yes : Holds::no;
}

/// Why something could not be read.
Holds unknown(const Facts& facts) {
    return facts.is_gone() ? Holds::gone : Holds::unreadable;
}

Told tell_by_executable(const CutName& name, Facts& facts) {
    const std::optional<std::string> path = facts.executable();
    if (!path) {
        return Told::nothing;
    }
    std::string_view file = base_name(*path);
    file.remove_suffix(file.ends_with(deleted_mark) ? deleted_mark.size() : 0);
    return name.told_by(file);
}

Holds judge_name(const std::string& wanted, Facts& facts) {
    const auto comm = facts.comm();
    if (!comm) {
        return unknown(facts);
    }
    if (comm->size() < longest_comm || !std::string_view(wanted).starts_with(*comm)) {
        return holds(*comm == wanted);
    }
    const auto command_line = facts.command_line();
    if (!command_line) {
        return unknown(facts);
    }
    const CutName name{*comm, wanted};
    Told told = tell_by_words(name, *command_line);
    told = told == Told::wanted ? told : std::max(told, tell_by_executable(name, facts));
    return holds(told == Told::nothing ? *comm == wanted : told == Told::wanted);
}

Result<Holds> judge_command(const Regex& regex, Facts& facts) {
    const auto text = facts.command_line();
    if (!text || text->empty()) {
        return text ? Holds::no : unknown(facts);
    }
    std::string line(text->substr(0, text->find_last_not_of('\0') + 1));
    std::ranges::replace(line, '\0', ' ');
    Result<bool> found = regex.is_found_in(line);
    if (!found) {
        return forward_error(found);
    }
    return holds(*found);
}

/// Whether a path leads to this file now. What ends in " (deleted)" may also be called so.
bool is_named(const std::string& path, const Facts::FileId& id) {
    struct stat file{};
    return sys::calls().fstatat(AT_FDCWD, path.c_str(), file) == 0 && Facts::FileId{file.st_dev, file.st_ino} == id;
}

/// Whether it runs what was in that place. The place is a text: it means the same only under the same mounts and root.
Holds judge_replaced(const Check::Executable& wanted, const Facts::FileId& id, Facts& facts) {
    const auto path = facts.executable();
    if (!path) {
        return unknown(facts);
    }
    if (*path != wanted.place.path + std::string(deleted_mark) || is_named(*path, id)) {
        return Holds::no;
    }
    const auto mounts = facts.name_space("mnt");
    const auto root = facts.root();
    return mounts && root ? holds(mounts == wanted.place.mounts && root == wanted.place.root) : unknown(facts);
}

/// The same file; or one that was there and was replaced, as by an upgrade.
Holds judge_executable(const Check::Executable& wanted, Facts& facts) {
    const auto id = facts.executable_id();
    if (!id) {
        return unknown(facts);
    }
    return id == wanted.id ? Holds::yes : judge_replaced(wanted, *id, facts);
}

Holds judge_environment(const std::string& wanted, Facts& facts) {
    const auto text = facts.environment();
    if (!text) {
        return unknown(facts);
    }
    return proc::has_argument(*text, wanted) ? Holds::yes : Holds::no;
}

Holds judge_namespaces(const std::vector<Check::NameSpace>& wanted, Facts& facts) {
    for (const Check::NameSpace& space : wanted) {
        const auto id = facts.name_space(space.kind);
        if (!id) {
            return unknown(facts);
        }
        if (*id != space.id) {
            return Holds::no;
        }
    }
    return Holds::yes;
}

/// Of a stopped or dead leader with living threads, only the state says less than the whole process does.
bool has_state(const proc::Stat& stat, const std::string& letters) {
    return letters.contains(stat.state);
}

Result<Holds> judge_stat(const Check& check, Facts& facts) {
    const proc::Stat* stat = facts.stat();
    if (stat == nullptr) {
        return unknown(facts);
    }
    switch (check.condition.kind) {
    case Kind::group:
        return holds(stat->group == std::get<int>(check.condition.operand));
    case Kind::session:
        return holds(stat->session == std::get<int>(check.condition.operand));
    case Kind::state:
        return holds(has_state(*stat, check.condition.value));
    case Kind::tty:
        return holds(stat->tty == std::get<int>(check.operand));
    case Kind::older:
        return holds(stat->start_time < std::get<Check::Lifetime>(check.operand).started);
    case Kind::newer:
        return holds(stat->start_time >= std::get<Check::Lifetime>(check.operand).started);
    default: {
        const Result<bool> is_parent = std::get<std::shared_ptr<Family>>(check.operand)->is_parent(stat->parent);
        return is_parent ? Result<Holds>(holds(*is_parent)) : std::unexpected(is_parent.error());
    }
    }
}

Holds judge_status(const Check& check, Facts& facts) {
    const proc::Status* status = facts.status();
    if (status == nullptr) {
        return unknown(facts);
    }
    if (check.condition.kind == Kind::user) {
        return holds(status->signals.effective_uid == std::get<uid_t>(check.operand));
    }
    return holds(status->signals.caught.contains(std::get<Signal>(check.condition.operand)));
}

Holds judge_cgroup(const Check& check, Facts& facts) {
    const auto text = facts.cgroups();
    if (!text) {
        return unknown(facts);
    }
    if (const auto* place = std::get_if<CgroupPlace>(&check.operand)) {
        return holds(is_in_cgroup(*text, *place));
    }
    return holds(is_in_unit(*text, check.condition.value, std::get<Check::Unit>(check.operand).user));
}

/// Of what names one process: without a pin, only that the number is the same.
Holds judge_token(const Token& token, const Facts& facts, const Process* pin) {
    return holds(token.pid == facts.pid() && (pin == nullptr || pin->inode() == token.inode));
}

} // namespace

Result<Holds> Judge::judge(std::size_t i, Facts& facts, const Process* pin) const {
    const Check& check = checks_[i];
    switch (check.condition.kind) {
    case Kind::pid:
    case Kind::token:
    case Kind::fd:
    case Kind::pidfile:
        return judge_token(std::get<Token>(check.operand), facts, pin);
    case Kind::name:
        return judge_name(check.condition.value, facts);
    case Kind::cmd:
        return judge_command(*std::get<std::shared_ptr<const Regex>>(check.condition.operand), facts);
    case Kind::exe:
        return judge_executable(std::get<Check::Executable>(check.operand), facts);
    case Kind::env:
        return judge_environment(check.condition.value, facts);
    case Kind::ns:
        return judge_namespaces(std::get<std::vector<Check::NameSpace>>(check.operand), facts);
    case Kind::cgroup:
    case Kind::unit:
        return judge_cgroup(check, facts);
    case Kind::user:
    case Kind::handles:
        return judge_status(check, facts);
    case Kind::tree:
        return holds(std::get<std::shared_ptr<Family>>(check.operand)->has(facts.pid(), pin));
    default:
        return judge_stat(check, facts);
    }
}

} // namespace sig2pid
