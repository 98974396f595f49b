// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process_set.hpp>
#include <sig2pid/target.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sig2pid {

/// Several targets, of which a process need match one.
class Selector {
public:
    /// Reads each argument as Target::parse() does, and gives the first error.
    [[nodiscard]] static Result<Selector> parse(std::span<const std::string> arguments);

    /// Of targets already read; at least one.
    explicit Selector(std::vector<Target> targets) : targets_(std::move(targets)) {}

    [[nodiscard]] std::span<const Target> targets() const noexcept { return targets_; }

private:
    std::vector<Target> targets_;
};

/// Which of the matching processes are meant.
enum class Pick {
    all,
    newest, ///< the one that started last
    oldest  ///< the one that started first
};

/// What a `pidfile:` must have besides a good PID.
enum class PidfileLock {
    any,     ///< nothing: the file may be unlocked
    required ///< a lock (fcntl(2) or flock(2)) on the file, held by that very process
};

/// Who looks for candidates.
enum class Backend {
    automatic, ///< the candidate source if there is one and it thinks it the faster, else, and if it fails, /proc
    proc,      ///< /proc
    bpf        ///< the candidate source; EOPNOTSUPP/unsupported without one, and its errors
};

/// A process that may match.
struct Candidate {
    pid_t pid = 0;           ///< in the namespace of the caller
    std::uint64_t inode = 0; ///< that of its pidfd; 0 when not known
};

/// Finds candidates in another way than by reading /proc. What it yields is pinned and judged by all conditions, so it
/// may yield too many; it must not miss one.
class CandidateSource {
public:
    using Found = std::function<void(const Candidate&)>;

    virtual ~CandidateSource() = default;

    /// Whether it expects to be faster than /proc for a target, asked with Backend::automatic.
    [[nodiscard]] virtual bool is_worth_it(const Target& target) = 0;

    /// Calls `found` for all processes for which those conditions hold that it can judge.
    [[nodiscard]] virtual Result<> find(const Target& target, const Found& found) = 0;
};

struct SelectOptions {
    std::optional<std::size_t> max = std::nullopt; ///< refuse a larger set; none: no limit
    Pick pick = Pick::all;
    PidfileLock pidfile_lock = PidfileLock::any;
    Backend backend = Backend::automatic;
    CandidateSource* source = nullptr; ///< stays the caller's

    /// A descriptor that ends the search when it is readable: then ECANCELED/cancelled. -1: none. As
    /// WaitOptions::cancel_fd. It is looked at for each candidate, but not by a candidate source.
    int cancel_fd = -1;
};

/// Finds the processes that match, and pins them: each was held by a pidfd while its conditions were read, and was
/// alive after that. Of a `tree:` or `cgroup:` those too who are born meanwhile.
///
/// Never matched but by an explicit target: this process and its ancestors, PID 1, kernel threads, processes of other
/// PID namespaces. Zombies match only where a condition says `state:Z`, or by an explicit target.
///
/// Needs /proc, unless all targets are explicit and pidfds have inodes of their own (Linux 6.9).
///
/// Where there are hundreds of processes, threads of its own help, which block all signals and are gone when it
/// returns.
///
/// A target that matches nothing is no error but a ProcessSet::Miss, with the condition that left none over.
/// \return with bad_input: ENOENT for an unknown user, cgroup, terminal, file or process in a condition; E2BIG for more
/// than `max`. EACCES/no_permission where /proc shows only one's own processes (hidepid) and the conditions ask for
/// more. ELOOP for a tree that grows faster than it can be read. ECANCELED/cancelled. The errors of a regular
/// expression that takes too long.
[[nodiscard]] Result<ProcessSet> select(const Selector& selector, const SelectOptions& options = {});

/// All processes of the groups with these leaders, as a signal with Scope::group reaches them: this process too, its
/// ancestors, and those in PID namespaces below. A leader of no group is a ProcessSet::Miss. Errors as select().
[[nodiscard]] Result<ProcessSet> select_groups(std::span<const pid_t> leaders, const SelectOptions& options = {});

/// Adds what matches the set's targets now and is not in it yet, behind the others; the number of those. For who
/// signals a tree or a cgroup: repeat until it is 0, which says that nobody is left but who others have started since;
/// those who are found at first are told at once, and more may be there. `max` is for the whole set, and options that
/// pick one make no sense here.
[[nodiscard]] Result<std::size_t> select_more(const SelectOptions& options, ProcessSet& known);

/// Stops all members by SIGSTOP, and those that appear meanwhile, until there are no more: who is stopped neither forks
/// nor exits, so that a SIGKILL to the set then leaves nobody over but who lost its parents before. Errors as
/// select_more(), and ETIMEDOUT when one runs on for five seconds; what was stopped then stays so.
[[nodiscard]] Result<> hold_still(const SelectOptions& options, ProcessSet& set);

} // namespace sig2pid
