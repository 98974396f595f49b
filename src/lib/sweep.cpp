// SPDX-License-Identifier: BSD-2-Clause
#include "lib/sweep.hpp"

#include "lib/proc_scan.hpp"
#include "lib/scout.hpp"
#include "lib/syscalls.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <system_error>
#include <thread>

namespace sig2pid {
namespace {

constexpr std::size_t most_threads = 8;
constexpr std::size_t spare_descriptors = 64; ///< for what is open beside the pins

/// The PIDs, handed out in pieces to whoever has time.
class Pieces {
public:
    Pieces(std::span<const pid_t> pids, std::size_t size) : pids_(pids), size_(size) {}

    /// The next piece; empty when there is none left.
    [[nodiscard]] std::span<const pid_t> take() noexcept {
        const std::size_t first = std::min(next_.fetch_add(size_, std::memory_order_relaxed), pids_.size());
        return pids_.subspan(first, std::min(size_, pids_.size() - first));
    }

    /// No more pieces for anybody.
    void stop() noexcept { next_.store(pids_.size(), std::memory_order_relaxed); }

private:
    std::span<const pid_t> pids_;
    std::size_t size_;
    std::atomic<std::size_t> next_ = 0;
};

using Work = std::function<void(Part&)>; ///< outlives the threads

void work(Part& part, Scout scout, Pieces& pieces, const Take& take) {
    for (auto piece = pieces.take(); !piece.empty(); piece = pieces.take()) {
        for (const pid_t pid : piece) {
            if (std::optional<Process> process = scout.look_through(pid)) {
                take(std::move(*process), scout.known_name());
            }
        }
        if (scout.error()) {
            pieces.stop();
        }
    }
    part = {scout.tally(), scout.error()};
}

/// Signals of the program are for threads of its own.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept { sys::calls().rt_sigprocmask(SIG_SETMASK, ~std::uint64_t{0}, &old_); }
    ~SignalsBlocked() { sys::calls().rt_sigprocmask(SIG_SETMASK, old_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    std::uint64_t old_ = 0;
};

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

/// Starts a thread for each part but the first. Fewer do the same work, where a limit does not let them start.
std::vector<std::jthread> start_workers(std::span<Part> parts, const Work& work) {
    const SignalsBlocked blocked;
    std::vector<std::jthread> workers;
    try {
        for (Part& part : parts.subspan(1)) {
            workers.emplace_back([&part, &work] { work(part); });
        }
    } catch (const std::system_error&) {
        return workers;
    }
    return workers;
}

} // namespace

Result<Part> look_through_all(const Judge& judge, Ancestry ancestry, const Scene& scene, const Take& take,
                              const Division& division) {
    std::vector<pid_t> pids;
    if (Result<> listed = proc::for_each_number(scene.proc, [&](pid_t pid) { pids.push_back(pid); }); !listed) {
        return forward_error(listed);
    }
    Pieces pieces(pids, division.piece);
    const std::size_t threads = std::clamp<std::size_t>(pids.size() / division.worth, 1, division.threads);
    std::vector<Part> parts(threads, {Tally(judge), std::nullopt});
    const Work one_part = [&](Part& part) { work(part, Scout(judge, ancestry, scene), pieces, take); };
    if (threads > 1) {
        grow_descriptor_table(scene.proc, pids.size());
    }
    {
        const std::vector<std::jthread> workers = start_workers(parts, one_part);
        one_part(parts.front());
    }
    for (const Part& part : std::span(parts).subspan(1)) {
        parts.front().tally += part.tally;
        parts.front().error = parts.front().error ? parts.front().error : part.error;
    }
    return std::move(parts.front());
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

Division usual_division() noexcept {
    return {.threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_threads)};
}

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
    const auto take = [&](Process&& process, std::string_view /*name*/) { act(process); };
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
