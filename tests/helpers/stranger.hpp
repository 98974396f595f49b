// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "helpers/child.hpp"

namespace sig2pid::test {

/// A process that is not a child of the test: one of a parent in between, which reaps it when told to.
class Stranger {
public:
    explicit Stranger(const Child::Body& body);
    ~Stranger();
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;

    [[nodiscard]] const Process& process() const noexcept { return *process_; }

    /// Has the parent wait for it from now on, whether it has ended or will.
    void let_parent_reap();

    /// Likewise, and returns when it is reaped.
    void reap();

private:
    UniqueFd go_reader_;
    UniqueFd go_;
    UniqueFd pid_;
    UniqueFd pid_writer_;
    std::optional<Child> parent_;
    std::optional<Process> process_;
};

/// Runs `body` in a child of another user (65534, nobody), and gives what it returned. Needs root.
int run_as_nobody(const std::function<int()>& body);

/// Whether this kernel is at least so new.
bool kernel_is_at_least(int major, int minor);

} // namespace sig2pid::test
