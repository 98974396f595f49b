// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/proc_connector.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sig2pid {

/// Which processes were born since a moment: what a walk through /proc, which takes its time, cannot have seen.
///
/// Told by the kernel where it does (ProcConnector), parents and exits too. Elsewhere by the PID that was given out
/// last, for PIDs are given out in turn: every one since then may be a process.
class ProcessEvents {
public:
    /// Takes note from now on. `proc` is /proc, open, and stays the caller's.
    explicit ProcessEvents(int proc);

    /// Takes in what has happened up to now.
    void update();

    using Position = std::uint64_t;

    /// Behind what the last update() took in.
    [[nodiscard]] Position position() const noexcept { return first_ + log_.size(); }

    /// What was taken in from there on, up to the next update(); nullopt: some of it is not known.
    [[nodiscard]] std::optional<std::span<const ProcessEvent>> since(Position from) const noexcept;

    /// Whether some of what happened was not told, ever.
    [[nodiscard]] bool has_lost() const noexcept { return has_lost_; }

    /// Readable when something has happened; -1 where nobody tells.
    [[nodiscard]] int fd() const noexcept { return connector_ ? connector_->fd() : -1; }

private:
    void update_by_connector();
    void update_by_last_pid();
    [[nodiscard]] std::optional<pid_t> last_pid() const;
    void lose();

    std::optional<ProcConnector> connector_;
    UniqueFd last_pid_file_;
    pid_t last_pid_ = 0;
    std::vector<ProcessEvent> log_;
    Position first_ = 0; ///< that of log_[0]
    bool has_lost_ = false;
};

/// How often those are looked at who were born during the last look: fewer and fewer, unless they are born faster.
inline constexpr int most_newborn_looks = 200;

/// How often all are walked through again, as not all births were told meanwhile.
inline constexpr int most_walks = 20;

/// Now, as ProcessEvent::time has it.
[[nodiscard]] std::int64_t boot_time_now();

/// Who was born, in that order: a parent that is gone when its turn comes has no child that is not in the list behind
/// it or born since. They may have exited; it is not asked whether that was told, for a first thread may exit before
/// others.
[[nodiscard]] std::vector<pid_t> born_in(std::span<const ProcessEvent> events);

} // namespace sig2pid
