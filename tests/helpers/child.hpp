// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/process.hpp>

#include <functional>

namespace sig2pid::test {

/// A forked child that runs a function and exits with what it returns. Killed and reaped with this object.
class Child {
public:
    /// `body` calls `ready` when the parent may go on: the constructor returns then, or when the child has ended. So do
    /// those that it forks before, each for itself.
    using Body = std::function<int(const std::function<void()>& ready)>;
    explicit Child(const Body& body);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    [[nodiscard]] const Process& process() const noexcept { return *process_; }
    [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }

    /// Waits for the end and reaps: the exit status, or 128 + the signal that killed it.
    int wait();

    /// Waits for the end and leaves a zombie.
    void wait_for_zombie() const;

private:
    std::optional<Process> process_;
    bool reaped_ = false;
};

/// A body that blocks every signal and sleeps until it is killed.
int block_all_and_pause(const std::function<void()>& ready);

/// Likewise, with no room in its queue.
int block_all_with_full_queue(const std::function<void()>& ready);

/// A body with every signal at its default that sleeps until it is killed.
int pause_at_defaults(const std::function<void()>& ready);

/// Likewise, and SIGTERM does not end it.
int ignore_term_and_pause(const std::function<void()>& ready);

/// Waits until `process` has exited, at most ten seconds.
void wait_for_exit(const Process& process);

} // namespace sig2pid::test
