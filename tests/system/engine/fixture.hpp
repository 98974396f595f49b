// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/rule.hpp>
#include <sig2pid/engine/session.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/receiver.hpp>
#include <sig2pid/unique_fd.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sig2pid::engine {

/// Calls getpgid(0x5150), as fast as it goes: an event that no other process makes.
void call_often(int times);

/// A match whose fields outlive the report.
struct Reported {
    Match match;
    std::vector<std::optional<std::variant<std::uint64_t, std::string, std::vector<std::uint64_t>>>> fields;
};

/// Rules on the running kernel, with this process as the receiver of RTMIN+1 to RTMIN+9 and USR1.
/// Skips where BPF cannot be used, and says why.
class Engine : public ::testing::Test {
protected:
    Engine();
    void SetUp() override;

    /// A rule that signals this process with RTMIN+3.
    [[nodiscard]] static RuleText rule(std::string event, std::string where = {});

    /// Arms a rule, runs `cause`, and takes the rule down when `enough` matches were reported, or cause has ended and
    /// the rest has its verdict.
    struct Outcome {
        std::vector<Reported> reports;
        Summary summary;
        Ending ending = Ending::stopped;
    };
    [[nodiscard]] Outcome watch(RuleText text, const std::function<void()>& cause, Reports reports = Reports::all);

    /// The rule that watch() armed has been taken down, or has had half a minute: a cause that goes on until then can
    /// stop.
    [[nodiscard]] bool is_over() const;

    /// Arms a rule and takes it down again; the error, if it was refused.
    [[nodiscard]] static std::optional<Error> refusal(const RuleText& text);

    /// All signals that are here, in order.
    [[nodiscard]] std::vector<ReceivedSignal> received();

    /// Waits up to ten seconds for one signal; false when none came.
    [[nodiscard]] bool await_signal();

    /// Runs a process whose comm is `name` and waits until it has exited with this code.
    void run_named(const std::string& name, int code) const;

    /// The integer or string of a reported field.
    [[nodiscard]] static std::uint64_t number(const Rule& rule, const Reported& report, std::string_view field);

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

private:
    std::filesystem::path directory_;
    std::optional<Receiver> receiver_;
    std::atomic<bool> ended_ = false;
    std::chrono::steady_clock::time_point began_;
};

/// Why this kernel has no such rung; empty where it has it, or where none is named.
std::string missing_rung(std::optional<Rung> rung);

/// The very process, by its token.
RuleTarget target_of(const Process& process);

/// A child starts with what the test blocks; this ends it.
void unblock_all();

/// Waits for a child and returns its exit status as waitid(2) tells it.
int reap(const Process& child);

} // namespace sig2pid::engine
