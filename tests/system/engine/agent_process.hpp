// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "helpers/child.hpp"

#include <sig2pid/engine/rule.hpp>
#include <sig2pid/engine/session.hpp>
#include <sig2pid/unique_fd.hpp>

#include <optional>

namespace sig2pid::engine {

/// A rule at work in a child of its own, which a test can stop as a busy or suspended machine would.
class AgentProcess {
public:
    /// Returns when the rule is armed, or has been refused.
    explicit AgentProcess(const RuleText& text);
    ~AgentProcess();
    AgentProcess(const AgentProcess&) = delete;
    AgentProcess& operator=(const AgentProcess&) = delete;

    /// Returns when it is stopped.
    void stop() const;
    void go_on() const;

    /// Ends the rule and gives its account; nothing where the rule was refused.
    std::optional<Summary> finish();

private:
    int run(const RuleText& text, const std::function<void()>& ready) const;

    UniqueFd end_;
    Summary* summary_; ///< shared with the child
    std::optional<test::Child> child_;
};

/// Returns when the child is stopped; false where it has ended instead.
bool await_stop(const test::Child& child);

/// All verdicts and what was lost: the account must come to as much as matched.
std::uint64_t accounted(const Summary& summary);

} // namespace sig2pid::engine
