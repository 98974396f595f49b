// SPDX-License-Identifier: BSD-2-Clause
#include "lib/judge.hpp"

#include "lib/number.hpp"
#include "lib/pidfile.hpp"
#include "lib/regex.hpp"
#include "lib/syscalls.hpp"
#include "lib/users.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace sig2pid {
namespace {

using Kind = Condition::Kind;

bool names_one(Kind kind) {
    return kind == Kind::pid || kind == Kind::token || kind == Kind::fd || kind == Kind::pidfile;
}

/// What it takes to read the condition's file, roughly in microseconds.
int cost(Kind kind) {
    switch (kind) {
    case Kind::pid:
    case Kind::token:
    case Kind::fd:
    case Kind::pidfile:
    case Kind::tree:
        return 0;
    case Kind::name:
        return 1;
    case Kind::child_of:
    case Kind::group:
    case Kind::session:
    case Kind::state:
    case Kind::tty:
    case Kind::older:
    case Kind::newer:
        return 2;
    case Kind::user:
    case Kind::handles:
        return 3;
    case Kind::cgroup:
    case Kind::unit:
        return 4;
    case Kind::exe:
        return 5;
    case Kind::cmd:
        return 6;
    case Kind::env:
    case Kind::ns:
        return 7;
    }
    return 8;
}

Result<Check::Operand> look_up_user(const Condition& condition) {
    Result<uid_t> user = find_user(condition.value);
    if (!user) {
        return forward_error(user);
    }
    return *user;
}

/// new_encode_dev() of the kernel, as /proc/PID/stat shows the terminal.
int encode_device(dev_t device) {
    const unsigned major = ::major(device);
    const unsigned minor = ::minor(device);
    return static_cast<int>((minor & 0xFFU) | (major << 8U) | ((minor & ~0xFFU) << 12U));
}

Result<Check::Operand> look_up_tty(const Condition& condition) {
    if (condition.value == "none") {
        return 0;
    }
    const std::string path = condition.value.starts_with('/') ? condition.value : "/dev/" + condition.value;
    struct stat file{};
    if (sys::calls().fstatat(AT_FDCWD, path.c_str(), file) < 0 || !S_ISCHR(file.st_mode)) {
        return failure(ENOENT, "find terminal", "no terminal '" + condition.value + "'", Reason::bad_input);
    }
    return encode_device(file.st_rdev);
}

std::optional<Facts::FileId> id_of(int directory, const std::string& path) {
    struct stat file{};
    return sys::calls().fstatat(directory, path.c_str(), file) == 0
               ? std::optional(Facts::FileId{file.st_dev, file.st_ino})
               : std::nullopt;
}

/// The path that the kernel shows for a file there; the file itself need not be there any more.
std::string real_path(const std::string& path) {
    std::error_code error;
    const std::filesystem::path real = std::filesystem::weakly_canonical(path, error);
    return error ? path : real.string();
}

Result<Check::Operand> look_up_executable(const Condition& condition, const Scene& scene) {
    Check::Place place{real_path(condition.value), id_of(scene.proc, "self/ns/mnt"), id_of(AT_FDCWD, "/")};
    return Check::Executable{std::move(place), id_of(AT_FDCWD, condition.value)};
}

/// The newest start, in ticks, of a process that is older than this.
Result<Check::Operand> look_up_age(const Condition& condition) {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const std::chrono::nanoseconds uptime = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    const std::chrono::nanoseconds age = std::get<std::chrono::nanoseconds>(condition.operand);
    const std::int64_t tick = 1'000'000'000 / ::sysconf(_SC_CLK_TCK);
    const std::int64_t started = std::max<std::int64_t>((uptime - age).count(), 0);
    return Check::Lifetime{static_cast<std::uint64_t>(started / tick)};
}

std::vector<std::string> namespaces_in(const std::string& value) {
    if (const std::size_t colon = value.find(':'); colon != std::string::npos) {
        return {value.substr(0, colon)};
    }
    return {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
}

Result<Check::Operand> look_up_namespaces(const Condition& condition, const Scene& scene) {
    const pid_t pid = std::get<int>(condition.operand);
    Result<Process> process = Process::open(pid);
    if (!process) {
        return forward_error(process);
    }
    Facts facts(scene.proc);
    facts.look_at(pid);
    std::vector<Check::NameSpace> spaces;
    for (std::string& kind : namespaces_in(condition.value)) {
        const std::optional<Facts::FileId> id = facts.name_space(kind);
        if (!id) {
            const Reason reason = facts.is_gone() ? Reason::gone : Reason::no_permission;
            return failure(facts.error(), "read namespaces",
                           "cannot read the " + kind + " namespace of process " + std::to_string(pid), reason);
        }
        spaces.push_back({std::move(kind), *id});
    }
    if (const Result<ProcessState> state = process->state(); !state || *state == ProcessState::gone) {
        return failure(ESRCH, "read namespaces", "process " + std::to_string(pid) + " is gone", Reason::gone);
    }
    return spaces;
}

Result<Check::Operand> look_up_cgroup(const Condition& condition) {
    Result<CgroupPlace> place = find_cgroup(condition.value);
    if (!place) {
        return forward_error(place);
    }
    return std::move(*place);
}

Result<Check::Operand> look_up_family(const Condition& condition, const Scene& scene) {
    const auto& target = *std::get<std::shared_ptr<const Target>>(condition.operand);
    const Family::Kind kind = condition.kind == Kind::tree ? Family::Kind::tree : Family::Kind::parents;
    Result<std::shared_ptr<Family>> family = Family::select(target, kind, scene);
    if (!family) {
        return forward_error(family);
    }
    return std::move(*family);
}

Result<Check::Operand> look_up(const Condition& condition, const Scene& scene) {
    switch (condition.kind) {
    case Kind::user:
        return look_up_user(condition);
    case Kind::tty:
        return look_up_tty(condition);
    case Kind::exe:
        return look_up_executable(condition, scene);
    case Kind::older:
    case Kind::newer:
        return look_up_age(condition);
    case Kind::ns:
        return look_up_namespaces(condition, scene);
    case Kind::cgroup:
        return look_up_cgroup(condition);
    case Kind::unit:
        return Check::Unit{::geteuid()};
    case Kind::child_of:
    case Kind::tree:
        return look_up_family(condition, scene);
    default:
        return Check::Operand();
    }
}

} // namespace

Result<> Judge::add_named(const Condition& condition, const Scene& scene) {
    Result<Process> process = pin_named(condition, scene.options.pidfile_lock);
    if (!process) {
        return forward_error(process);
    }
    const Token token{process->pid(), process->inode(), std::nullopt};
    checks_.push_back({condition, token});
    is_explicit_ = is_explicit_ || condition.kind != Kind::pidfile;
    if (seeds_ != Seeds::named) {
        named_ = token;
        held_ = condition.kind == Kind::fd ? std::optional(std::move(*process)) : std::nullopt;
    }
    seeds_ = Seeds::named;
    return {};
}

Result<Process> Judge::pin() const {
    return held_ ? held_->duplicate() : Process::from_token(named_);
}

Result<> Judge::add(const Condition& condition, const Scene& scene) {
    if (names_one(condition.kind)) {
        return add_named(condition, scene);
    }
    Result<Check::Operand> operand = look_up(condition, scene);
    if (!operand) {
        return forward_error(operand);
    }
    if (condition.kind == Kind::tree && seeds_ == Seeds::everywhere) {
        seeds_ = Seeds::family;
        family_ = std::get<std::shared_ptr<Family>>(*operand);
    }
    wants_zombies_ = wants_zombies_ || (condition.kind == Kind::state && condition.value.contains('Z'));
    checks_.push_back({condition, std::move(*operand)});
    return {};
}

Result<std::shared_ptr<Judge>> Judge::prepare(const Target& target, const Scene& scene) {
    std::shared_ptr<Judge> judge(new Judge());
    judge->is_growing_ = target.can_grow();
    for (const Condition& condition : target.conditions()) {
        if (Result<> added = judge->add(condition, scene); !added) {
            return forward_error(added);
        }
    }
    std::ranges::sort(judge->checks_, {}, [](const Check& check) { return cost(check.condition.kind); });
    return judge;
}

Result<std::size_t> Judge::grow(const Scene& scene) {
    std::size_t count = 0;
    for (Check& check : checks_) {
        if (auto* family = std::get_if<std::shared_ptr<Family>>(&check.operand)) {
            const Result<std::size_t> grown = (*family)->grow(scene);
            if (!grown) {
                return grown;
            }
            count += *grown;
        }
    }
    return count;
}

bool Judge::can_change(std::size_t i) const noexcept {
    switch (checks_[i].condition.kind) {
    case Kind::pid:
    case Kind::token:
    case Kind::fd:
    case Kind::pidfile:
    case Kind::tree: // a descendant remains one when those between have exited
    case Kind::older:
    case Kind::newer: // of what was asked for, not of when it is acted on
        return false;
    default:
        return true;
    }
}

} // namespace sig2pid
