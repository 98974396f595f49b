// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/crowd.hpp"
#include "lib/offspring.hpp"

#include <sig2pid/wait.hpp>

#include <functional>
#include <vector>

namespace sig2pid {

/// Holds processes still while they are signalled, so that no fork of theirs is in flight.
class Hold {
public:
    /// What it asks of those who hold.
    struct Questions {
        std::function<bool(std::size_t index)> is_meant;      ///< whether this one of the crowd is to be held
        std::function<Result<std::size_t>()> adopt_newcomers; ///< adds them to the crowd; how many they were
        std::function<bool()> is_called_off;                  ///< whether to leave off at once
    };

    /// Which are let go.
    enum class Release {
        all,
        groups ///< the frozen control groups, but nobody who was stopped: the signal was about that
    };

    /// \param offspring freezes control groups; null: all are stopped. Both must outlive this.
    Hold(const Crowd& crowd, Offspring* offspring) noexcept : crowd_(crowd), offspring_(offspring) {}

    /// Holds them until no new one has appeared while all stood still. After an error nobody is held; called off, those
    /// that were held are held still.
    /// \param until nobody is waited for beyond it.
    [[nodiscard]] Result<> take(const Questions& questions, Deadline until);

    void release(Release which = Release::all);

private:
    [[nodiscard]] Result<> hold_all(const Questions& questions, Deadline until);
    [[nodiscard]] Result<> stop_all(const Questions& questions, Deadline until);

    const Crowd& crowd_;
    Offspring* offspring_;
    std::vector<bool> stopped_; ///< by index: stopped here, to be continued
};

/// Sends SIGCONT to the i-th. Whether it is gone or refuses is told by the signals that matter; who stays stopped is
/// reported so.
void let_go_on(const Crowd& crowd, std::size_t i);

} // namespace sig2pid
