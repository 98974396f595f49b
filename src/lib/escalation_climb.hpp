// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/crowd.hpp"
#include "lib/escalation_hold.hpp"
#include "lib/offspring.hpp"

#include <sig2pid/escalation.hpp>
#include <sig2pid/signal_status.hpp>

#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace sig2pid {

/// Whether several threads may call the judge of the options at once.
enum class Judging : std::uint8_t { one_by_one, at_once };

/// One run of a ladder over all its processes.
class Climb {
public:
    /// \param offspring finds newcomers and holds all still at each step; null: nobody does.
    Climb(const std::vector<EscalationStep>& steps, const EscalationOptions& options, Judging judging,
          Offspring* offspring, Crowd crowd);

    /// Steps, waits and looks until it is over.
    [[nodiscard]] Result<EscalationReport> finish();

private:
    using Clock = std::chrono::steady_clock;

    struct Member {
        Ending ending;              ///< its index is that in the crowd
        std::size_t first_step = 0; ///< of those that it was sent
        bool given_up = false;      ///< waiting for it is pointless
        bool ignores_last = false;  ///< it was seen to ignore the last signal
    };

    void add_member();
    [[nodiscard]] bool can_grow() const;
    bool adopt(const Token& token);
    [[nodiscard]] Result<std::size_t> adopt_more();

    [[nodiscard]] Result<bool> advance();
    [[nodiscard]] Result<> take_steps();
    [[nodiscard]] Result<> take_step();
    [[nodiscard]] Result<> hold();

    [[nodiscard]] Result<> judge(const Member& member, const Process& process) const;
    void signal_all(Signal signal);
    void signal_in_turn(Signal signal);
    void signal_at_once(Signal signal);
    [[nodiscard]] Result<> judge_and_send(const Member& member, Signal signal) const;
    void note_sent(Member& member, Signal signal, const Result<>& sent);
    void refuse_unless(const Result<>& result, Member& member);
    void give_up(Member& member, Survival survival, std::optional<Error> error);
    void look_at_all();
    void look_at(Member& member);

    [[nodiscard]] Result<bool> wait(Deadline until);
    void postpone_look();
    [[nodiscard]] Result<bool> drain();
    [[nodiscard]] Result<> note_unwatched();
    [[nodiscard]] Result<> search_once_more();
    void note_exit(Member& member);
    [[nodiscard]] std::optional<Signal> ender_of(const Member& member) const;

    [[nodiscard]] static bool is_waited_for(const Member& member) { return !member.ending.ended && !member.given_up; }
    [[nodiscard]] Deadline next_moment() const;
    [[nodiscard]] bool is_time_over();
    [[nodiscard]] bool is_called_off() const;
    void observe() const;
    [[nodiscard]] Result<EscalationReport> report();

    const std::vector<EscalationStep>& steps_;
    const EscalationOptions& options_;
    Judging judging_;
    Offspring* offspring_;
    Crowd crowd_;
    Hold hold_;
    ExitReader reader_;
    Clock::time_point start_ = Clock::now();
    Deadline deadline_;           ///< the timeout
    Deadline patience_;           ///< the end of kill_patience
    Deadline next_look_;          ///< when those that are left are looked at
    Clock::time_point last_look_; ///< at the latest

    std::size_t targets_;        ///< the members from the start on; newcomers come behind
    std::size_t taken_ = 0;      ///< steps
    std::size_t waited_for_ = 0; ///< members that live and may end
    std::size_t ended_ = 0;      ///< members
    std::vector<Member> members_;
    std::set<std::pair<pid_t, std::uint64_t>> known_;
    EscalationEnd end_ = EscalationEnd::all_ended;
};

/// A signal that leaves its target stopped, or is itself the end of that: no SIGCONT may follow.
[[nodiscard]] bool is_about_stopping(Signal signal);

/// Why a process lives that was signalled, as /proc shows it.
[[nodiscard]] Survival survival_of(const Process& process);

/// Whether the process discards the signal, as a kernel thread does with every one, and the init of a PID namespace
/// with all that it does not catch, SIGKILL included.
[[nodiscard]] bool is_shielded(const Process& process, const SignalStatus& status, Signal signal);

} // namespace sig2pid
