// SPDX-License-Identifier: BSD-2-Clause
#include "lib/sweep.hpp"

#include "lib/proc_scan.hpp"
#include "lib/scout.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>

namespace sig2pid {
namespace {

constexpr std::size_t spare_descriptors = 64; ///< for what is open beside the pins

/// The table of descriptors grows while there is one thread: with more, the kernel waits for a grace period of RCU at
/// each doubling, some milliseconds.
void grow_descriptor_table(int fd, std::size_t pins) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t highest = std::min<rlim_t>(pins + spare_descriptors, limit.rlim_cur);
    if (highest > 0) {
        const UniqueFd place(::fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(highest) - 1));
    }
}

} // namespace

Result<Part> look_through_all(const Judge& judge, Ancestry ancestry, const Scene& scene, const Take& take,
                              const Division& division) {
    std::vector<pid_t> pids;
    if (Result<> listed = proc::for_each_number(scene.proc, [&](pid_t pid) { pids.push_back(pid); }); !listed) {
        return forward_error(listed);
    }
    const std::size_t threads = threads_for(pids.size(), division);
    if (threads > 1) {
        grow_descriptor_table(scene.proc, pids.size());
    }
    std::vector<Scout> scouts;
    while (scouts.size() < threads) {
        scouts.emplace_back(judge, ancestry, scene);
    }
    divide(pids.size(), division, [&](std::size_t thread, std::size_t first, std::size_t last) {
        Scout& scout = scouts[thread];
        for (const pid_t pid : std::span(pids).subspan(first, last - first)) {
            if (std::optional<Process> process = scout.look_through(pid)) {
                take(thread, std::move(*process), scout);
            }
        }
        return !scout.error();
    });
    Part whole{Tally(judge), std::nullopt};
    for (const Scout& scout : scouts) {
        whole.tally += scout.tally();
        whole.error = whole.error ? whole.error : scout.error();
    }
    return whole;
}

namespace {

bool is_sweepable(const Condition& condition) {
    switch (condition.kind) {
    case Condition::Kind::pid:
    case Condition::Kind::token:
    case Condition::Kind::fd:
    case Condition::Kind::pidfile:
    case Condition::Kind::cmd:
        return false;
    default:
        return true;
    }
}

} // namespace

bool can_sweep(const Target& target) noexcept {
    return !target.can_grow() && std::ranges::all_of(target.conditions(), is_sweepable);
}

Result<std::size_t> sweep(const Target& target, const std::function<void(const Process&)>& act,
                          const Division& division) {
    if (!can_sweep(target)) {
        return failure(EINVAL, "sweep", "'" + target.text() + "' cannot be acted on while it is searched for",
                       Reason::bad_input);
    }
    Result<UniqueFd> proc = proc::open_proc();
    if (!proc) {
        return forward_error(proc);
    }
    const std::vector<pid_t> own = this_and_ancestors();
    const SelectOptions options;
    const Scene scene{proc->get(), own, options};
    Result<std::shared_ptr<Judge>> judge = Judge::prepare(target, scene);
    if (!judge) {
        return forward_error(judge);
    }
    if (Result<> visible = Scout(**judge, Ancestry::excluded, scene).check_not_hidden(); !visible) {
        return forward_error(visible);
    }
    const auto take = [&](std::size_t /*thread*/, Process&& process, Scout& /*scout*/) { act(process); };
    Result<Part> whole = look_through_all(**judge, Ancestry::excluded, scene, take, division);
    if (!whole || whole->error) {
        return std::unexpected(whole ? *whole->error : whole.error());
    }
    if (whole->tally.matched == 0) {
        return failure(ESRCH, "select", whole->tally.explain(**judge), Reason::gone);
    }
    return whole->tally.matched;
}

Result<std::size_t> sweep(const Target& target, const std::function<void(const Process&)>& act) {
    return sweep(target, act, usual_division());
}

} // namespace sig2pid
