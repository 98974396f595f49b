// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/facts.hpp"
#include "lib/fdinfo_reader.hpp"
#include "lib/judge.hpp"
#include "lib/select.hpp"

namespace sig2pid {

/// What was met on the way: of this an empty result is explained.
struct Tally {
    explicit Tally(const Judge& judge) : passed(judge.checks().size()) {}

    Tally& operator+=(const Tally& other);

    /// Why nothing matched, in a sentence.
    [[nodiscard]] std::string explain(const Judge& judge) const;

    std::vector<std::size_t> passed; ///< how many each condition let through
    std::size_t matched = 0;
    std::size_t excluded = 0;
    std::size_t foreign = 0;    ///< of those excluded, in other PID namespaces
    std::size_t unreadable = 0; ///< of those that could be selected

private:
    [[nodiscard]] std::string explain_by_conditions(const Judge& judge) const;
};

/// Looks at one process after another, pins what may match, and judges it. One thread's; several may look for one
/// judge.
class Scout {
public:
    Scout(const Judge& judge, Ancestry ancestry, const Scene& scene);

    /// EACCES/no_permission where /proc hides processes that the conditions ask for.
    [[nodiscard]] Result<> check_not_hidden();

    // Each gives the process, pinned, if it matches: judged while it was pinned, and there after that. Nothing else is
    // given once there was an error().

    /// Looks without a pin first, as a rule: most do not pass.
    [[nodiscard]] std::optional<Process> look_through(pid_t pid);

    /// Pins at once, for who knows more than the PID. 0: the inode is not known.
    [[nodiscard]] std::optional<Process> pin(pid_t pid, std::uint64_t inode);

    /// Judges one that is pinned.
    [[nodiscard]] std::optional<Process> judge(Process process);

    /// The name of the one that was given last, where a condition asked for it; else empty.
    [[nodiscard]] std::string_view known_name() { return facts_.has_comm() ? *facts_.comm() : std::string_view(); }

    /// Gives away the open file that this name was read from; empty when none was.
    [[nodiscard]] UniqueFd take_name_file() noexcept { return facts_.take_comm_file(); }

    /// What ends the search.
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

    /// One that matched before, and is not looked at again.
    void count_known() noexcept { ++tally_.matched; }

    [[nodiscard]] const Tally& tally() const noexcept { return tally_; }
    void forget_tally() { tally_ = Tally(judge_); }
    void add_tally(const Tally& other) { tally_ += other; }

private:
    enum class Counting { on, off };

    [[nodiscard]] bool is_over();
    [[nodiscard]] std::optional<Process> look_then_pin(pid_t pid);
    [[nodiscard]] std::optional<Process> open(pid_t pid, std::uint64_t inode);
    [[nodiscard]] std::optional<Process> take(Process process, Counting counting);
    [[nodiscard]] bool matches(const Process* pin, Counting counting);
    [[nodiscard]] bool is_short();
    [[nodiscard]] bool is_own(pid_t pid) const;
    [[nodiscard]] bool may_be_selected(const Process& process);
    [[nodiscard]] bool is_kernel_thread(const Process& process);
    [[nodiscard]] bool is_zombie();

    const Judge& judge_;
    Ancestry ancestry_;
    const Scene& scene_;
    Facts facts_;
    FdInfoReader fdinfo_;
    Tally tally_;
    std::optional<Error> error_;
    bool last_matched_ = false;
};

} // namespace sig2pid
