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

    /// How many matched in the last run, known ones too.
    [[nodiscard]] std::size_t matched() const noexcept { return scout_.tally().matched; }

    /// Why nothing matched, in a sentence.
    [[nodiscard]] std::string explain() const { return scout_.tally().explain(judge_); }

private:
    [[nodiscard]] Result<> look_for_candidates();
    [[nodiscard]] Result<> walk();
    [[nodiscard]] Result<> ask(CandidateSource& source);
    void keep(std::optional<Process> process);

    const Judge& judge_;
    std::size_t argument_;
    const Scene& scene_;
    SetBuilder& out_;
    Scout scout_;
};

} // namespace sig2pid
