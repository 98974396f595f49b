// SPDX-License-Identifier: BSD-2-Clause
#include "lib/sweep.hpp"

#include "lib/proc_scan.hpp"
#include "lib/scout.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/resource.h>
#include <sys/stat.h>

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

/// How many processes there are: procfs counts each as a link of its root. Threads and memory are sized by it, no more.
std::size_t count_processes(int proc) {
    struct stat directory{};
    return sys::calls().fstat(proc, directory) < 0 ? 0 : static_cast<std::size_t>(directory.st_nlink);
}

// What getdents64(2) gives for one entry: at most, and for a process.
constexpr std::size_t longest_entry = 280;
constexpr std::size_t usual_entry = 24;

/// What one thread does of a look through all, and what ended it.
class Looker {
public:
    Looker(const Judge& judge, Ancestry ancestry, const Scene& scene) : scout_(judge, ancestry, scene) {}

    /// One piece after another, until none is left, or this or another thread has failed.
    void look(const Candidates& candidates, std::atomic<bool>& going_on,
              const std::function<void(Process&&, Scout&)>& take) {
        std::vector<pid_t> pids;
        while (going_on.load(std::memory_order_relaxed)) {
            pids.clear();
            const Result<bool> more = candidates.next(pids);
            for (const pid_t pid : pids) {
                if (std::optional<Process> process = scout_.look_through(pid)) {
                    take(std::move(*process), scout_);
                }
            }
            error_ = more ? scout_.error() : more.error();
            if (error_ || !*more) {
                going_on.store(false, std::memory_order_relaxed);
            }
        }
    }

    [[nodiscard]] const Tally& tally() const noexcept { return scout_.tally(); }
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

private:
    Scout scout_;
    std::optional<Error> error_;
};

} // namespace

Result<Candidates> list_before(int proc, const Division& division) {
    std::vector<pid_t> all;
    if (Result<> listed = proc::for_each_number(proc, [&](pid_t pid) { all.push_back(pid); }); !listed) {
        return forward_error(listed);
    }
    const std::size_t count = all.size();
    const auto pieces = std::make_shared<Pieces>(count, division.piece);
    return Candidates{count, [all = std::move(all), pieces](std::vector<pid_t>& pids) {
                          const auto [first, last] = pieces->take();
                          pids.assign(all.data() + first, all.data() + last);
                          return Result<bool>(first < last);
                      }};
}

Result<Candidates> list_meanwhile(int proc, const Division& division) {
    Result<proc::NumberList> opened = proc::NumberList::open(proc);
    if (!opened) {
        return forward_error(opened);
    }
    const auto list = std::make_shared<const proc::NumberList>(std::move(*opened));
    const std::size_t size = std::max(longest_entry, division.piece * usual_entry);
    return Candidates{count_processes(proc), [list, size](std::vector<pid_t>& pids) {
                          std::vector<char> buffer(size);
                          return list->read(buffer, [&](pid_t pid) { pids.push_back(pid); });
                      }};
}

Part look_through_all(const Candidates& candidates, const Judge& judge, Ancestry ancestry, const Scene& scene,
                      const Take& take, const Division& division) {
    const std::size_t threads = threads_for(candidates.count, division);
    if (threads > 1) {
        grow_descriptor_table(scene.proc, candidates.count);
    }
    std::vector<Looker> lookers;
    while (lookers.size() < threads) {
        lookers.emplace_back(judge, ancestry, scene);
    }
    std::atomic<bool> going_on = true;
    in_threads(threads, [&](std::size_t thread) {
        lookers[thread].look(candidates, going_on,
                             [&](Process&& process, Scout& scout) { take(thread, std::move(process), scout); });
    });
    Part whole{Tally(judge), std::nullopt};
    for (const Looker& looker : lookers) {
        whole.tally += looker.tally();
        whole.error = whole.error ? whole.error : looker.error();
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
                          const Division& division, int cancel_fd) {
    if (!can_sweep(target)) {
        return failure(EINVAL, "sweep", "'" + target.text() + "' cannot be acted on while it is searched for",
                       Reason::bad_input);
    }
    Result<UniqueFd> proc = proc::open_proc();
    if (!proc) {
        return forward_error(proc);
    }
    const Result<std::vector<pid_t>> own = this_and_ancestors();
    if (!own) {
        return std::unexpected(own.error());
    }
    SelectOptions options;
    options.cancel_fd = cancel_fd;
    const Scene scene{proc->get(), *own, options, nullptr};
    Result<std::shared_ptr<Judge>> judge = Judge::prepare(target, scene);
    if (!judge) {
        return forward_error(judge);
    }
    if (Result<> visible = Scout(**judge, Ancestry::excluded, scene).check_not_hidden(); !visible) {
        return forward_error(visible);
    }
    // Before, or what starts in the place of one that was signalled would be signalled too, without end.
    Result<Candidates> candidates = list_before(proc->get(), division);
    if (!candidates) {
        return forward_error(candidates);
    }
    const auto take = [&](std::size_t /*thread*/, Process&& process, Scout& /*scout*/) { act(process); };
    const Part whole = look_through_all(*candidates, **judge, Ancestry::excluded, scene, take, division);
    if (whole.error) {
        return std::unexpected(*whole.error);
    }
    if (whole.tally.matched == 0) {
        return failure(ESRCH, "select", whole.tally.explain(**judge), Reason::gone);
    }
    return whole.tally.matched;
}

Result<std::size_t> sweep(const Target& target, const std::function<void(const Process&)>& act, int cancel_fd) {
    return sweep(target, act, usual_division(), cancel_fd);
}

} // namespace sig2pid
