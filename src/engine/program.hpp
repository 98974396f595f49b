// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "bpf/wire.h"
#include "engine/catalog.hpp"
#include "engine/encode.hpp"
#include "engine/kernel.hpp"

#include <sig2pid/engine/rule.hpp>
#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/verdict.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>

struct rule;

namespace sig2pid::engine {

/// Whether every match is told to the agent, or only those that it must act upon.
enum class Reporting : std::uint8_t { every_match, needed_only };

/// One rule in the kernel: the only place that talks to libbpf. Everything it did there ends with the object.
class RuleProgram {
public:
    /// Loads the program of the rule's event; nothing runs yet.
    /// \return EPERM without the privilege or under lockdown; otherwise the errno of bpf(2) and libbpf's words.
    [[nodiscard]] static Result<RuleProgram> load(const Rule& rule, const KernelFeatures& kernel, Reporting reporting);

    RuleProgram(RuleProgram&&) noexcept;
    RuleProgram& operator=(RuleProgram&&) noexcept;
    ~RuleProgram();

    /// Pins the target in the kernel, by a task reference that follows it through execs, and judges it there.
    /// \return what a signal would come to now, nothing on a kernel that cannot hold tasks (before 6.13); ESRCH/gone
    /// when the target is not there, or does not live any more afterwards.
    [[nodiscard]] Result<std::optional<Verdict>> pin(const Process& target);

    /// From here on events count.
    [[nodiscard]] Result<> attach();

    /// No further event counts. Programs that are running finish.
    void detach();

    /// Readable when there are reports.
    [[nodiscard]] int fd() const;

    using Handler = std::function<void(const s2p_match& match, std::span<const std::byte> payload)>;

    static constexpr std::size_t reports_at_once = 1024; ///< then the loop sees to everything else

    /// Hands over the reports that are there, so many at the most; fd() stays readable for the rest.
    void consume(const Handler& handler);

    /// Takes a send back that was queued onto a target which does not run. False: it was already done.
    [[nodiscard]] bool claim(std::uint64_t seq, std::uint32_t slot);

    /// Makes the place of a claimed send free again: its target is gone.
    void release_slot(std::uint64_t seq, std::uint32_t slot);

    /// Where the field lies in a match's payload.
    [[nodiscard]] const s2p_field& layout(std::size_t field) const;

    /// All CPUs together.
    [[nodiscard]] s2p_counters counters() const;

    /// Matches taken so far.
    [[nodiscard]] std::uint64_t matched() const;

    /// Events that never reached the program, because it was already running on that CPU.
    [[nodiscard]] std::uint64_t missed() const;

private:
    struct State;
    explicit RuleProgram(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace sig2pid::engine
