// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/scout.hpp"
#include "lib/set_builder.hpp"

namespace sig2pid {

/// The search for the processes that match one target.
class Search {
public:
    Search(const Judge& judge, std::size_t argument, Ancestry ancestry, const Scene& scene, SetBuilder& out);

    /// Looks at every candidate once. What matches and is not in the set yet is added to it.
    [[nodiscard]] Result<> run();

    /// Whether a source told the candidates of the last run.
    [[nodiscard]] bool has_asked() const noexcept { return has_asked_; }

    /// Looks through /proc from now on: a source knows who matches, and not why nobody does.
    void leave_source() noexcept { source_ = nullptr; }

    /// How many matched in the last run, known ones too.
    [[nodiscard]] std::size_t matched() const noexcept { return scout_.tally().matched; }

    /// How many of a tree were left out in the last run, as they are in other PID namespaces.
    [[nodiscard]] std::size_t left_out() const noexcept {
        return judge_.seeds() == Judge::Seeds::family ? scout_.tally().foreign : 0;
    }

    /// Why nothing matched, in a sentence.
    [[nodiscard]] std::string explain() const { return scout_.tally().explain(judge_); }

private:
    [[nodiscard]] Result<> look_for_candidates();
    [[nodiscard]] Result<> walk();
    [[nodiscard]] Result<> walk_divided();
    [[nodiscard]] Result<> look_everywhere();
    void look_at_family();
    [[nodiscard]] Result<> look_until_complete();
    [[nodiscard]] bool look_at_newborn();
    [[nodiscard]] bool is_for_source() const;
    [[nodiscard]] Result<> ask();
    void keep(std::optional<Process> process);

    const Judge& judge_;
    std::size_t argument_;
    Ancestry ancestry_;
    const Scene& scene_;
    SetBuilder& out_;
    Scout scout_;
    CandidateSource* source_;          ///< null: /proc it is
    ProcessEvents::Position seen_ = 0; ///< who was born up to there has been looked at
    bool has_asked_ = false;
};

} // namespace sig2pid
