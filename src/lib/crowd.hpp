// SPDX-License-Identifier: BSD-2-Clause
// The processes that a wait or an escalation is about: any number of them, with as many descriptors as there are.
#pragma once

#include "lib/exit_watch.hpp"

#include <sig2pid/process_set.hpp>
#include <sig2pid/token.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace sig2pid {

/// Each has an index, from 0 on as they are added. Who has no descriptor yet is kept as a token, and gets the
/// descriptor of another that is done with.
class Crowd {
public:
    /// \param cancel_fd as of ExitWatch::make().
    [[nodiscard]] static Result<Crowd> make(int cancel_fd);

    /// Stays the caller's, and must outlive this.
    [[nodiscard]] Result<> add(const Process& process);

    void add(const Token& token);

    /// All members of the set, whose pins are taken over.
    [[nodiscard]] Result<> add_all(ProcessSet& set);

    /// As ExitWatch::add_events().
    [[nodiscard]] Result<> add_events(int fd) { return watch_.add_events(fd); }

    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
    [[nodiscard]] const Token& token(std::size_t i) const noexcept { return members_[i].token; }

    /// Calls `act` with the i-th, a `const Process&`, pinned at least until it returns. ESRCH/gone, EMFILE: not called.
    template <typename Act> [[nodiscard]] Result<> with(std::size_t i, Act&& act) const {
        if (const Process* process = pinned(i)) {
            std::forward<Act>(act)(*process);
            return {};
        }
        Result<Process> process = Process::from_token(members_[i].token);
        if (!process) {
            return forward_error(process);
        }
        std::forward<Act>(act)(std::as_const(*process));
        return {};
    }

    /// Whether somebody waits for a descriptor.
    [[nodiscard]] bool is_queueing() const noexcept;

    /// Waits for exits among those that are pinned, up to `until`. EMFILE: there is no descriptor to pin a single one.
    [[nodiscard]] Result<ExitWatch::Events> wait(Deadline until);

    /// Those that have exited among those that no descriptor watches.
    [[nodiscard]] Result<std::vector<std::size_t>> find_exited() const;

    /// It has exited, and that is known.
    void finish(std::size_t i) { leave(i, State::finished); }

    /// Its exit is not worth a descriptor while others wait for one.
    void set_aside(std::size_t i);

private:
    enum class State : std::uint8_t { queued, watched, aside, finished };

    struct Member {
        Token token;
        const Process* borrowed = nullptr;
        std::optional<Process> own = std::nullopt;
        State state = State::queued;
    };

    explicit Crowd(ExitWatch watch) noexcept : watch_(std::move(watch)) {}

    [[nodiscard]] const Process* pinned(std::size_t i) const noexcept;
    [[nodiscard]] Result<> watch(std::size_t i, Process process);
    [[nodiscard]] Result<std::vector<std::size_t>> fill();
    void leave(std::size_t i, State state);

    ExitWatch watch_;
    std::vector<Member> members_;
    std::size_t next_ = 0;                           ///< none before it is queued
    std::size_t watched_ = 0;                        ///< members
    std::optional<std::size_t> free_ = std::nullopt; ///< descriptors to pin with, counted when one is first wanted
};

} // namespace sig2pid
