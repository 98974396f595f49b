// SPDX-License-Identifier: BSD-2-Clause
#include "lib/set_builder.hpp"

#include "lib/proc_scan.hpp"
#include "lib/process_events.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <tuple>

namespace sig2pid {
namespace {

constexpr rlim_t left_for_others = 64; ///< but not more than a quarter

bool comes_before(const ProcessSet::Member& left, const ProcessSet::Member& right) {
    return left.pid != right.pid ? left.pid < right.pid : left.inode < right.inode;
}

Result<Process> pin_member(const ProcessSet::Member& member) {
    return Process::from_token({member.pid, member.inode, std::nullopt});
}

/// Start time and, for those of one tick, the inode, which also counts upwards.
using Age = std::tuple<std::uint64_t, std::uint64_t, pid_t>;

Result<Age> age_of(const ProcessSet::Member& member, const std::optional<Process>& held) {
    Result<std::uint64_t> started(0);
    if (held) {
        started = held->start_time();
    } else {
        Result<Process> process = pin_member(member);
        if (!process) {
            return forward_error(process);
        }
        started = process->start_time();
    }
    if (!started) {
        return forward_error(started);
    }
    return Age{*started, member.inode, member.pid}; // before 6.9 the inode is the start once more
}

/// One fewer, if there is one.
bool take_one(std::size_t& places) {
    const bool is_there = places > 0;
    places -= is_there ? 1U : 0U;
    return is_there;
}

bool take_one(std::atomic<std::size_t>& places) {
    std::size_t left = places;
    while (left > 0 && !places.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0;
}

} // namespace

std::size_t free_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    std::size_t open = 0;
    const UniqueFd directory(sys::calls().openat(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY));
    const Result<> counted = proc::for_each_number(directory.get(), [&](pid_t) { ++open; });
    const std::size_t spared = std::min(left_for_others, limit.rlim_cur / 4);
    const std::size_t taken = counted ? open + spared : limit.rlim_cur / 2;
    return limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
}

std::size_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < limit.rlim_max) {
        const rlimit raised{limit.rlim_max, limit.rlim_max};
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
            return raised.rlim_cur;
        }
    }
    return limit.rlim_cur;
}

SetBuilder::SetBuilder(ProcessSet& set) : set_(set) {
    for (const ProcessSet::Member& member : set.members()) {
        known_.emplace(member.pid, member.inode);
    }
}

bool SetBuilder::has(const Process& process) const {
    return has(process.pid(), process.inode());
}

bool SetBuilder::has(pid_t pid, std::uint64_t inode) const {
    const auto [first, last] = known_.equal_range(pid);
    return std::any_of(first, last, [&](const auto& known) { return known.second == inode; });
}

ProcessEvents& SetBuilder::events(int proc) {
    if (!set_.events_) {
        set_.events_ = std::make_shared<ProcessEvents>(proc);
    }
    return *set_.events_;
}

std::size_t& SetBuilder::places() {
    if (!free_descriptors_) {
        free_descriptors_ = sig2pid::free_descriptors();
    }
    return *free_descriptors_;
}

/// To count the open descriptors takes longer than to signal a process: for a few there always is a place.
bool SetBuilder::takes_descriptor() {
    constexpr std::size_t few = 8;
    if (set_.size() + found_.size() < few) {
        return true;
    }
    return take_one(places());
}

void SetBuilder::add(Process process, std::size_t argument, std::string_view name) {
    ProcessSet::Member member{process.pid(), process.inode(), argument, std::string(name)};
    known_.emplace(member.pid, member.inode);
    const bool is_held = takes_descriptor();
    found_.push_back({std::move(member), is_held ? std::optional(std::move(process)) : std::nullopt, UniqueFd()});
}

void SetBuilder::add_all(FoundLists& lists) {
    for (std::vector<Found>& list : lists.lists_) {
        for (Found& found : list) {
            if (!has(found.member.pid, found.member.inode)) {
                known_.emplace(found.member.pid, found.member.inode);
                found_.push_back(std::move(found));
            }
        }
    }
    places() = lists.places_;
}

FoundLists::FoundLists(SetBuilder& builder, std::size_t argument, std::size_t threads)
    : builder_(builder), argument_(argument), places_(builder.places()), for_pins_(places_ / 2), lists_(threads) {}

void FoundLists::add(std::size_t thread, Process process, std::string_view name, UniqueFd name_file) {
    if (builder_.has(process)) {
        return;
    }
    Found found{{process.pid(), process.inode(), argument_, std::string(name)}, std::nullopt, UniqueFd()};
    if (take_one(places_)) {
        found.process = std::move(process);
    }
    if (name_file && places_ > for_pins_ && take_one(places_)) {
        found.name_file = std::move(name_file);
    }
    lists_[thread].push_back(std::move(found));
}

void SetBuilder::miss(std::size_t argument, Error error) {
    set_.misses_.push_back({argument, std::move(error)});
}

Result<> SetBuilder::pick(Pick which) {
    if (which == Pick::all || found_.empty()) {
        return {};
    }
    std::optional<std::pair<Age, std::size_t>> best;
    for (std::size_t i = 0; i < found_.size(); ++i) {
        const Result<Age> age = age_of(found_[i].member, found_[i].process);
        if (!age) {
            continue; // gone by now
        }
        const bool better = !best || (which == Pick::newest ? *age > best->first : *age < best->first);
        best = better ? std::pair(*age, i) : *best;
    }
    if (!best) {
        return failure(ESRCH, "select", "all processes that matched have exited", Reason::gone);
    }
    Found chosen = std::move(found_[best->second]);
    found_.clear();
    found_.push_back(std::move(chosen));
    return {};
}

Result<> SetBuilder::check_size(const SelectOptions& options) const {
    const std::size_t size = set_.size() + found_.size();
    if (!options.max || size <= *options.max) {
        return {};
    }
    return failure(E2BIG, "select",
                   std::to_string(size) + " processes match, more than the " + std::to_string(*options.max) +
                       " that were allowed",
                   Reason::bad_input);
}

Result<> SetBuilder::finish(const SelectOptions& options) {
    std::ranges::sort(found_, comes_before, &Found::member);
    if (Result<> picked = pick(options.pick); !picked) {
        return picked;
    }
    if (Result<> fits = check_size(options); !fits) {
        return fits;
    }
    bool holding = set_.is_all_held();
    set_.members_.reserve(set_.size() + found_.size());
    for (Found& found : found_) {
        holding = holding && found.process;
        set_.members_.push_back(std::move(found.member));
        if (holding) {
            set_.held_.push_back(std::move(*found.process));
            set_.name_files_.push_back(std::move(found.name_file));
        }
    }
    found_.clear();
    return {};
}

} // namespace sig2pid
