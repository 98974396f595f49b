// SPDX-License-Identifier: BSD-2-Clause
// Rules on the channels of other modules, by the engine and by the command line.
#include "helpers/child.hpp"
#include "helpers/command.hpp"
#include "helpers/confined.hpp"
#include "module.hpp"

#include <sig2pid/engine/rule.hpp>
#include <sig2pid/engine/session.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <iostream>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using engine::Ending;
using engine::Match;
using engine::Rule;
using engine::RuleText;
using engine::Rung;
using engine::Session;
using test::Child;
using test::Command;

constexpr std::uint64_t too_many = 600; ///< the module keeps 512 records of a subscription
constexpr const char* event = "module:irq-work";

/// A rule that signals this process with the channel's value.
RuleText rule_on(std::string name = event) {
    RuleText text;
    text.event = std::move(name);
    text.signal = Signal(realtime);
    text.value = "value";
    text.target = *engine::parse_rule_target(std::to_string(::getpid()));
    return text;
}

/// What a session told of a match.
struct Reported {
    std::uint64_t seq, sequence, value;
    Rung rung;
    Verdict verdict;
};

struct Outcome {
    std::vector<Reported> reports;
    engine::Summary summary;
    Ending ending = Ending::stopped;
    std::optional<Error> source_error;

    [[nodiscard]] std::uint64_t total(Verdict verdict) const { return summary.total(verdict); }
};

Reported keep(const Match& match) {
    return {match.seq, std::get<std::uint64_t>(*match.fields[0]), match.value, match.rung, match.verdict};
}

Session arm(const RuleText& text) {
    auto session = Session::arm(Rule::check(text).value());
    EXPECT_TRUE(session) << session.error().message();
    return std::move(session).value();
}

Outcome run(Session& session, int stop) {
    Outcome outcome;
    outcome.ending = session.run(stop, [&](const Match& match) { outcome.reports.push_back(keep(match)); }).value();
    outcome.summary = session.summary();
    outcome.source_error = session.source_error();
    return outcome;
}

/// What becomes of the events that `cause` raises between the arming and the run of a rule that is stopped at once.
Outcome watch(const RuleText& text, const std::function<void()>& cause) {
    Session session = arm(text);
    cause();
    const UniqueFd stop(::eventfd(1, EFD_CLOEXEC));
    return run(session, stop.get());
}

/// Likewise of a rule that ends by itself.
Outcome watch_to_the_end(const RuleText& text, const std::function<void()>& cause) {
    Session session = arm(text);
    cause();
    return run(session, -1);
}

void raise_all(const std::vector<std::int64_t>& values) {
    for (const std::int64_t value : values) {
        EXPECT_EQ(raise(value), 0);
    }
}

void raise_times(std::uint64_t times) {
    for (std::int64_t i = 1; i <= static_cast<std::int64_t>(times); i++) {
        EXPECT_EQ(raise(i), 0);
    }
}

class ChannelRules : public Module {
protected:
    void SetUp() override { received(); } // of the tests before

    /// The values that have arrived.
    std::vector<std::int64_t> received() {
        std::vector<std::int64_t> values;
        for (auto got = receiver_.receive(std::chrono::nanoseconds(0)); got && *got;
             got = receiver_.receive(std::chrono::nanoseconds(0))) {
            values.push_back(static_cast<std::int64_t>((*got)->value));
        }
        return values;
    }

    Loaded sample_{"sig2pid_irq_work"};
};

TEST_F(ChannelRules, AnEventReachesTheTargetWithItsValue) {
    const Outcome outcome = watch(rule_on(), [] { raise_all({42, -1, INT64_MIN}); });
    for (const std::int64_t value : {std::int64_t{42}, std::int64_t{-1}, INT64_MIN}) {
        const ReceivedSignal got = next(receiver_);
        EXPECT_EQ(static_cast<std::int64_t>(got.value), value);
        EXPECT_EQ(got.code, SI_QUEUE);
        EXPECT_EQ(got.sender_pid, ::getpid());
    }
    ASSERT_EQ(outcome.reports.size(), 3U);
    EXPECT_EQ(outcome.reports[1].seq, 2U);
    EXPECT_EQ(outcome.reports[1].sequence, 2U);
    EXPECT_EQ(outcome.reports[1].rung, Rung::pidfd);
    EXPECT_EQ(outcome.summary.count(Rung::pidfd, Verdict::delivered), 3U);
    EXPECT_EQ(outcome.summary.matched, 3U);
}

TEST_F(ChannelRules, TheConditionIsJudgedOverTheRecord) {
    RuleText text = rule_on();
    text.where = "value > 10 && value < 20 || value == -3 && sequence == 6";
    const Outcome outcome = watch(text, [] { raise_all({10, 11, 19, 20, -3, -3}); });
    EXPECT_EQ(received(), (std::vector<std::int64_t>{11, 19, -3}));
    EXPECT_EQ(outcome.summary.matched, 3U);
    EXPECT_EQ(outcome.reports.back().sequence, 6U);
    EXPECT_EQ(outcome.reports.back().seq, 3U);
}

TEST_F(ChannelRules, EventsAfterTheRuleIsArmedCountThoughItDoesNotRunYet) {
    ASSERT_EQ(raise(1), 0);
    EXPECT_EQ(watch(rule_on(), [] { raise_all({2}); }).summary.matched, 1U);
    ASSERT_EQ(raise(3), 0);
    EXPECT_EQ(received(), (std::vector<std::int64_t>{2}));
}

TEST_F(ChannelRules, RecordsThatTheModuleCouldNotKeepAreLostAndCounted) {
    const Outcome outcome = watch(rule_on(), [] { raise_times(too_many); });
    EXPECT_EQ(outcome.summary.matched, too_many);
    EXPECT_EQ(outcome.total(Verdict::delivered), received().size());
    EXPECT_EQ(outcome.total(Verdict::delivered), outcome.reports.size());
    EXPECT_EQ(outcome.summary.lost, too_many - outcome.reports.size());
    EXPECT_GT(outcome.summary.lost, 0U);
}

TEST_F(ChannelRules, NobodyCanSayWhetherALostRecordSatisfiedTheCondition) {
    RuleText text = rule_on();
    text.where = "value & 1";
    const Outcome outcome = watch(text, [] { raise_times(too_many); });
    EXPECT_EQ(outcome.summary.matched, outcome.reports.size());
    EXPECT_EQ(outcome.summary.lost, 0U);
    EXPECT_EQ(2 * outcome.summary.matched + outcome.summary.unjudged, too_many);
    EXPECT_GT(outcome.summary.unjudged, 0U);
}

TEST_F(ChannelRules, TheCountEndsTheRule) {
    RuleText text = rule_on();
    text.count = 3;
    const Outcome outcome = watch_to_the_end(text, [] { raise_times(10); });
    EXPECT_EQ(outcome.ending, Ending::count_reached);
    EXPECT_EQ(outcome.summary.matched, 3U);
    EXPECT_EQ(received(), (std::vector<std::int64_t>{1, 2, 3}));
}

TEST_F(ChannelRules, LostMatchesCountToo) {
    RuleText text = rule_on();
    text.count = too_many - 10;
    const Outcome outcome = watch_to_the_end(text, [] { raise_times(too_many); });
    EXPECT_EQ(outcome.ending, Ending::count_reached);
    EXPECT_EQ(outcome.summary.matched, too_many - 10);
    EXPECT_EQ(outcome.summary.lost + outcome.total(Verdict::delivered), too_many - 10);
}

TEST_F(ChannelRules, TheLimitHoldsSignalsBack) {
    RuleText text = rule_on();
    text.limit = engine::RateLimit{2, std::chrono::hours(1)};
    const Outcome outcome = watch(text, [] { raise_times(5); });
    EXPECT_EQ(outcome.total(Verdict::delivered), 2U);
    EXPECT_EQ(outcome.total(Verdict::limited), 3U);
    EXPECT_EQ(received(), (std::vector<std::int64_t>{1, 2}));
}

TEST_F(ChannelRules, AStandardSignalThatIsPendingIsCoalesced) {
    RuleText text = rule_on();
    text.signal = Signal(SIGUSR1);
    const Outcome outcome = watch(text, [] { raise_times(3); });
    EXPECT_EQ(outcome.total(Verdict::delivered), 1U);
    EXPECT_EQ(outcome.total(Verdict::coalesced), 2U);
    EXPECT_EQ(next(receiver_).value, 1U);
}

TEST_F(ChannelRules, TheWithdrawalOfTheChannelEndsTheRuleAfterTheLastRecord) {
    const Outcome outcome = watch_to_the_end(rule_on(), [] {
        raise_times(2);
        EXPECT_EQ(unload("sig2pid_irq_work"), 0);
    });
    EXPECT_EQ(load("sig2pid_irq_work"), 0);
    EXPECT_EQ(outcome.ending, Ending::source_gone);
    ASSERT_TRUE(outcome.source_error);
    EXPECT_EQ(outcome.source_error->code, ENODEV);
    EXPECT_EQ(outcome.summary.matched, 2U);
    EXPECT_EQ(received(), (std::vector<std::int64_t>{1, 2}));
}

TEST_F(ChannelRules, TheEndOfTheTargetEndsTheRule) {
    Child target(test::block_all_and_pause);
    RuleText text = rule_on();
    text.target = *engine::parse_rule_target(std::to_string(target.pid()));
    const Outcome outcome = watch_to_the_end(text, [&] {
        ASSERT_EQ(raise(1), 0);
        ::kill(target.pid(), SIGKILL);
        target.wait();
    });
    EXPECT_EQ(outcome.ending, Ending::target_gone);
    EXPECT_EQ(outcome.summary.matched, 1U);
    EXPECT_EQ(outcome.total(Verdict::gone), 1U);
}

TEST_F(ChannelRules, AChannelThatIsNotThereIsBadInputAndTheNearestIsNamed) {
    const auto session = Session::arm(Rule::check(rule_on("module:irq-wrok")).value());
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, ENOENT);
    EXPECT_EQ(session.error().reason, Reason::bad_input);
    EXPECT_NE(session.error().message().find("'irq-work'"), std::string::npos) << session.error().message();
}

/// Raises 1, 2, 3... `times` times; nothing but the write is done for each.
void raise_fast(std::uint64_t times) {
    const UniqueFd fd(::open("/sys/module/sig2pid_irq_work/parameters/raise", O_WRONLY | O_CLOEXEC));
    for (std::uint64_t i = 1; i <= times; i++) {
        ASSERT_EQ(write_to(fd.get(), std::to_string(i)).error, 0);
    }
}

/// The values that a signalfd gives, which must rise, until 0 says that it was the last: how many they were.
std::uint64_t count_rising(int fd) {
    std::uint64_t count = 0;
    std::uint64_t last = 0;
    signalfd_siginfo info{};
    while (::read(fd, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info)) && info.ssi_ptr != 0) {
        EXPECT_GT(info.ssi_ptr, last);
        last = info.ssi_ptr;
        count++;
    }
    return count;
}

/// A process that writes how many signals it got. It blocks the signal all the time, which is quickly seen.
Child::Body counting(int report) {
    return [=](const auto& ready) -> int {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, realtime);
        ::sigprocmask(SIG_BLOCK, &set, nullptr);
        const UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC));
        ready();
        const std::string count = std::to_string(count_rising(fd.get()));
        return testing::Test::HasFailure() ? 1 : write_to(report, count).error;
    };
}

/// The queue may be full.
void send_the_last(const Process& target) {
    while (!queue(target, Signal(realtime), sig2pid::Payload{0})) {
        std::this_thread::yield();
    }
}

std::uint64_t read_number(int fd) {
    char text[32] = {};
    EXPECT_GT(::read(fd, text, sizeof(text) - 1), 0);
    return std::strtoull(text, nullptr, 10);
}

TEST_F(ChannelRules, OfAHundredThousandEventsEachIsReceivedOrHasAnotherVerdictOrIsLost) {
    constexpr std::uint64_t events = 100'000;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    Child target(counting(writer.get()));
    RuleText text = rule_on();
    text.target = *engine::parse_rule_target(std::to_string(target.pid()));
    Session session = arm(text);
    const UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
    std::thread raising([&] {
        raise_fast(events);
        eventfd_write(stop.get(), 1);
    });
    const Outcome outcome = run(session, stop.get());
    raising.join();
    send_the_last(target.process());
    EXPECT_EQ(target.wait(), 0);
    const std::uint64_t delivered = outcome.total(Verdict::delivered);
    const std::uint64_t overflow = outcome.total(Verdict::overflow);
    EXPECT_EQ(outcome.summary.matched, events);
    EXPECT_EQ(delivered, read_number(reader.get()));
    EXPECT_EQ(outcome.reports.size(), delivered + overflow);
    EXPECT_EQ(delivered + overflow + outcome.summary.lost, events);
    std::cout << "delivered " << delivered << ", overflow " << overflow << ", lost " << outcome.summary.lost << "\n";
}

/// Raises 1, 2, 3... and is never more than half of what the module keeps ahead of the reports.
void raise_in_step(std::uint64_t times, const std::atomic<std::uint64_t>& reported) {
    const UniqueFd fd(::open("/sys/module/sig2pid_irq_work/parameters/raise", O_WRONLY | O_CLOEXEC));
    for (std::uint64_t i = 1; i <= times; i++) {
        ASSERT_EQ(write_to(fd.get(), std::to_string(i)).error, 0);
        while (i - reported > 256) {
            std::this_thread::yield();
        }
    }
}

TEST_F(ChannelRules, NothingIsLostWhereTheTargetKeepsUp) {
    constexpr std::uint64_t events = 10'000;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    Child target(counting(writer.get()));
    RuleText text = rule_on();
    text.target = *engine::parse_rule_target(std::to_string(target.pid()));
    text.count = events;
    Session session = arm(text);
    std::atomic<std::uint64_t> reported = 0;
    std::thread raising([&] { raise_in_step(events, reported); });
    const auto ending = session.run(-1, [&](const Match&) { reported++; });
    raising.join();
    send_the_last(target.process());
    EXPECT_EQ(target.wait(), 0);
    EXPECT_EQ(ending.value(), Ending::count_reached);
    EXPECT_EQ(session.summary().count(Rung::pidfd, Verdict::delivered), events);
    EXPECT_EQ(session.summary().lost, 0U);
    EXPECT_EQ(read_number(reader.get()), events);
}

/// The command line with a rule on this process, up to its "ready".
std::vector<std::string> on(std::vector<std::string> arguments) {
    std::vector<std::string> command = {SIG2PID, "on", event, "-s", "40", "--to", std::to_string(::getpid())};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_F(ChannelRules, OnReportsEachMatchAndItsAccount) {
    Command rule(on({"--json", "-q", "value", "--where", "value >= 0", "--count", "2"}));
    ASSERT_EQ(rule.read_out_line(), R"({"ready":true})");
    raise_all({-1, 7, 8});
    EXPECT_EQ(next(receiver_).value, 7U);
    EXPECT_EQ(next(receiver_).value, 8U);
    const test::Outcome ended = rule.finish();
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_TRUE(contains(ended.out, R"("event":"module:irq-work")")) << ended.out;
    EXPECT_TRUE(contains(ended.out, R"("sequence":2)") && contains(ended.out, R"("value":7)")) << ended.out;
    EXPECT_TRUE(contains(ended.out, R"("rung":"pidfd","verdict":"delivered")")) << ended.out;
    EXPECT_TRUE(contains(ended.out, R"("matched":2)") && contains(ended.out, R"("lost":0)")) << ended.out;
}

TEST_F(ChannelRules, OnSaysThatTheChannelWasWithdrawn) {
    Command rule(on({}));
    ASSERT_EQ(rule.read_err_line(), "ready");
    ASSERT_EQ(unload("sig2pid_irq_work"), 0);
    const test::Outcome ended = rule.finish();
    EXPECT_EQ(load("sig2pid_irq_work"), 0);
    EXPECT_EQ(ended.status, 3);
    EXPECT_TRUE(contains(ended.err, "matched 0") && contains(ended.err, "withdrawn")) << ended.err;
}

TEST_F(ChannelRules, OnEndsWithItsTarget) {
    Child target(test::block_all_and_pause);
    Command rule({SIG2PID, "on", event, "--to", std::to_string(target.pid())});
    ASSERT_EQ(rule.read_err_line(), "ready");
    ::kill(target.pid(), SIGKILL);
    target.wait();
    EXPECT_EQ(rule.finish().status, 1);
}

TEST_F(ChannelRules, OnRefusesWhatIsWrong) {
    const std::string self = std::to_string(::getpid());
    const auto status = [&](const std::string& name, const std::string& target) {
        return test::run({SIG2PID, "on", name, "-s", "40", "--to", target}).status;
    };
    EXPECT_EQ(status("module:no-such", self), 2);
    EXPECT_EQ(status("module:" + std::string(32, 'x'), self), 2);
    EXPECT_EQ(status("module:", self), 2);
    EXPECT_EQ(status(event, "current"), 2);
    EXPECT_EQ(status(event, "subject"), 2);
}

TEST_F(ChannelRules, EventsListsTheChannelsAndTheirFields) {
    EXPECT_EQ(test::run({SIG2PID, "events", "module:"}).out, "module:irq-work\n");
    EXPECT_TRUE(contains(test::run({SIG2PID, "events"}).out, "module:irq-work"));
    const test::Outcome shown = test::run({SIG2PID, "events", event});
    for (const char* field : {"sequence", "time", "value"}) {
        EXPECT_TRUE(contains(shown.out, field)) << shown.out;
    }
    EXPECT_TRUE(contains(test::run({SIG2PID, "events", "module:x"}).err, "no module has announced"));
}

/// Becomes a user without any capability, who sees no description of the kernel's types; what this process waits for
/// may still be seen.
bool give_up_bpf() {
    return test::cover("/sys/kernel/btf") && ::syscall(SYS_setresuid, 1000, 1000, 1000) == 0 &&
           ::prctl(PR_SET_DUMPABLE, 1) == 0;
}

TEST_F(ChannelRules, NeedNeitherBpfNorTheKernelsTypesNorACapability) {
    Child user([&](const auto& ready) -> int {
        if (!give_up_bpf()) {
            return 10;
        }
        EXPECT_EQ(test::run({SIG2PID, "on", "exit", "-s", "40", "--to", std::to_string(::getpid())}).status, 3);
        Command rule(on({"-q", "value", "--count", "1"}));
        EXPECT_EQ(rule.read_err_line(), "ready");
        ready();
        EXPECT_EQ(next(receiver_).value, 9U);
        EXPECT_EQ(rule.finish().status, 0);
        return testing::Test::HasFailure() ? 1 : 0;
    });
    EXPECT_EQ(raise(9), 0);
    EXPECT_EQ(user.wait(), 0);
}

TEST(ChannelRulesWithoutTheModule, SayThatItIsNotLoaded) {
    const auto session = Session::arm(Rule::check(rule_on()).value());
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, ENOENT);
    EXPECT_EQ(session.error().reason, Reason::unsupported);
    const test::Outcome ended = test::run(on({}));
    EXPECT_EQ(ended.status, 3);
    EXPECT_TRUE(contains(ended.err, "not loaded")) << ended.err;
}

} // namespace
} // namespace sig2pid::vm
