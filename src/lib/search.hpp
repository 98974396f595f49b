// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/facts.hpp"
#include "lib/judge.hpp"
#include "lib/select.hpp"
#include "lib/set_builder.hpp"

namespace sig2pid {

/// The search for the processes that match one target.
class Search {
public:
    Search(const Judge& judge, std::size_t argument, Ancestry ancestry, const Scene& scene, SetBuilder& out);

    /// Looks at every candidate once. What matches and is not in the set yet is added to it.
    [[nodiscard]] Result<> run();

    /// How many matched in the last run, known ones too.
    [[nodiscard]] std::size_t matched() const noexcept { return matched_; }

    /// Why nothing matched, in a sentence.
    [[nodiscard]] std::string explain() const;

private:
    enum class Counting { on, off };

    [[nodiscard]] Result<> look_for_candidates();
    [[nodiscard]] Result<> walk();
    [[nodiscard]] Result<> ask(CandidateSource& source);
    void look_through(pid_t pid);
    void pin(pid_t pid, std::uint64_t inode, Counting counting);
    void take(Process process, Counting counting);
    [[nodiscard]] bool matches(const Process* pin, Counting counting);
    [[nodiscard]] bool is_own(pid_t pid) const;
    [[nodiscard]] bool may_be_selected(const Process& process);
    [[nodiscard]] bool is_kernel_thread(const Process& process);
    [[nodiscard]] bool is_zombie();

    const Judge& judge_;
    const Target& target_;
    std::size_t argument_;
    Ancestry ancestry_;
    const Scene& scene_;
    SetBuilder& out_;
    Facts facts_;
    UniqueFd fdinfo_;                 ///< /proc/self/fdinfo
    std::vector<std::size_t> passed_; ///< how many each condition let through
    std::size_t matched_ = 0;
    std::size_t excluded_ = 0;
    std::size_t unreadable_ = 0;
    std::optional<Error> error_; ///< what ends the search
};

} // namespace sig2pid
