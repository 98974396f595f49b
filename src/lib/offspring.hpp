// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/process_set.hpp>
#include <sig2pid/selector.hpp>
#include <sig2pid/whole.hpp>

#include <optional>
#include <vector>

namespace sig2pid {

/// Finds who comes to match the targets of a set while its processes are signalled, and keeps control groups from
/// making more at that moment.
class Offspring {
public:
    /// The set stays the caller's and grows. `cancel_fd` ends the wait for groups to stand still, and no search: half
    /// of the newcomers would be worse than none.
    Offspring(ProcessSet& set, const SelectOptions& options, int cancel_fd);

    /// Those that are new since the last time.
    [[nodiscard]] Result<std::vector<Token>> find();

    /// Readable when take_note() has something to take note of; -1 where the kernel does not tell of births.
    [[nodiscard]] int events_fd() const noexcept;

    /// Takes note of births before the kernel's queue for them is full. Who was born, find() tells.
    void take_note();

    /// Freezes those control groups that the set's targets mean as a whole, as far as that can be done.
    void hold();

    void release() noexcept { frozen_.reset(); }

    /// Whether nobody can appear now: all targets are groups, and frozen.
    [[nodiscard]] bool holds_all() const noexcept;

    /// Whether it holds all, and that is so many processes.
    [[nodiscard]] bool holds_exactly(std::size_t count) const;

    /// As FrozenTargets::kill().
    [[nodiscard]] Result<> kill() { return frozen_ ? frozen_->kill() : Result<>(); }

private:
    ProcessSet& set_;
    SelectOptions options_;
    int cancel_fd_;
    std::size_t told_; ///< members of the set that are no news
    std::optional<FrozenTargets> frozen_;
};

} // namespace sig2pid
