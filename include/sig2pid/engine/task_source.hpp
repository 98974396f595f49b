// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/selector.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/verdict.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace sig2pid::engine {

/// Selects in the kernel: one pass over its tasks, by a BPF program. It judges name, user, group and session; what
/// else a target asks for is left to select(). Needs CAP_BPF and CAP_PERFMON, and Linux 5.8 with BTF.
class TaskSource final : public CandidateSource {
public:
    /// From some thousands of processes on the pass is worth the loading of its program; and only where this process
    /// may load one.
    [[nodiscard]] bool is_worth_it(const Target& target) override;

    /// \return EPERM with the capabilities that are missing; ENOENT/bad_input for an unknown user; ENOENT without BTF.
    [[nodiscard]] Result<> find(const Target& target, const Found& found) override;
};

/// One process that was signalled in the kernel, or why it was not.
struct Signalled {
    pid_t pid = 0;
    std::uint64_t inode = 0;                       ///< with pid, its token
    std::string name;                              ///< comm, as it was then
    std::optional<Verdict> verdict = std::nullopt; ///< none: nothing was sent, the kernel left it to the caller's pidfd
    bool blocked = false;                          ///< the target blocks the signal: it stays pending

    [[nodiscard]] Token token() const { return {pid, inode, boot_id()}; }
};

/// Selects and signals in the same step: the kernel holds each task while it is judged and signalled. The receiver sees
/// SI_KERNEL and no sender, where pidfd_send_signal(2) gives SI_USER.
///
/// Nothing is done, and nothing returned, where this would not be what kill(2) permits or select() finds: for a target
/// with other conditions than name (of at most 14 bytes), user, group and session; before Linux 6.13; without CAP_KILL
/// in the initial user namespace; and where a security module is to be asked about each signal.
/// \param told is handed each process that matched, in no order
/// \return how many there were, none where nothing was done; otherwise as TaskSource::find(), and ELOOP where thousands
/// of processes started in a moment: those that `told` was handed have been signalled, others may have been left out
[[nodiscard]] Result<std::optional<std::size_t>> signal_matching(const Target& target, Signal signal,
                                                                 const std::function<void(const Signalled&)>& told);

/// Whether signal_matching() would do it.
[[nodiscard]] bool can_signal_matching(const Target& target);

} // namespace sig2pid::engine
