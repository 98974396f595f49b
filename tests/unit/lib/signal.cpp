// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/signal.hpp>

#include <cerrno>
#include <gtest/gtest.h>
#include <stdexcept>

namespace sig2pid {
namespace {

int number_of(std::string_view text) {
    const Result<Signal> signal = Signal::parse(text);
    return signal ? signal->number() : -signal.error().code;
}

TEST(Signal, HasANameThatReadsBackForAll64) {
    for (int number = Signal::min; number <= Signal::max; ++number) {
        EXPECT_EQ(number_of(Signal(number).name()), number);
        EXPECT_EQ(number_of(std::to_string(number)), number);
    }
}

TEST(Signal, IsReadWithAndWithoutSigInAnyCase) {
    for (const char* text : {"USR1", "SIGUSR1", "usr1", "sigusr1", "SigUsr1", "10"}) {
        EXPECT_EQ(number_of(text), SIGUSR1) << text;
    }
}

TEST(Signal, CountsRealTimeSignalsFromBothEnds) {
    EXPECT_EQ(number_of("RTMIN"), SIGRTMIN);
    EXPECT_EQ(number_of("SIGRTMIN+3"), SIGRTMIN + 3);
    EXPECT_EQ(number_of("rtmax-1"), SIGRTMAX - 1);
    EXPECT_EQ(number_of("RTMAX"), 64);
    EXPECT_EQ(number_of("RTMIN+30"), 64);
}

TEST(Signal, KnowsTheAliases) {
    EXPECT_EQ(number_of("POLL"), SIGIO);
    EXPECT_EQ(number_of("IOT"), SIGABRT);
    EXPECT_EQ(number_of("SIGCLD"), SIGCHLD);
    EXPECT_EQ(Signal(SIGIO).name(), "SIGIO");
}

TEST(Signal, RefusesWhatIsNone) {
    for (const char* text : {"", "0", "65", "-1", "SIG", "USR", "USR3", "RTMIN+31", "RTMAX-31", "RTMIN-1", "RTMAX+1",
                             "RTMIN+", "RTMIN+x", "RTMIN+-1", "USR1 ", " USR1", "99999999999999999999"}) {
        const Result<Signal> signal = Signal::parse(text);
        ASSERT_FALSE(signal) << text;
        EXPECT_EQ(signal.error().code, EINVAL) << text;
        EXPECT_EQ(signal.error().reason, Reason::invalid_signal) << text;
        EXPECT_EQ(signal.error().column, 1U) << text;
    }
}

TEST(Signal, RefusesAHugeNameWithoutEchoingIt) {
    EXPECT_LT(Signal::parse(std::string(1'000'000, 'A')).error().context.size(), 200U);
}

TEST(Signal, SuggestsTheNearestName) {
    EXPECT_NE(Signal::parse("SIGTREM").error().context.find("TERM"), std::string::npos);
    EXPECT_NE(Signal::parse("RTMN").error().context.find("RTMIN"), std::string::npos);
}

TEST(Signal, NamesThoseThatLibcKeepsByNumber) {
    EXPECT_EQ(Signal(32).name(), "SIG32");
    EXPECT_TRUE(Signal(32).is_reserved_by_libc());
    EXPECT_FALSE(Signal(SIGRTMIN).is_reserved_by_libc());
    EXPECT_FALSE(Signal(31).is_reserved_by_libc());
}

TEST(Signal, KnowsTheDefaultActions) {
    EXPECT_EQ(Signal(SIGTERM).default_action(), DefaultAction::terminate);
    EXPECT_EQ(Signal(SIGSEGV).default_action(), DefaultAction::core);
    EXPECT_EQ(Signal(SIGTSTP).default_action(), DefaultAction::stop);
    EXPECT_EQ(Signal(SIGCONT).default_action(), DefaultAction::cont);
    EXPECT_EQ(Signal(SIGURG).default_action(), DefaultAction::ignore);
    EXPECT_EQ(Signal(SIGRTMIN).default_action(), DefaultAction::terminate);
    EXPECT_EQ(Signal(32).default_action(), DefaultAction::terminate);
}

TEST(Signal, ThrowsForAProgrammersError) {
    EXPECT_THROW(Signal(0), std::out_of_range);
    EXPECT_THROW(Signal(65), std::out_of_range);
    EXPECT_EQ(Signal::from_number(0).error().code, EINVAL);
}

TEST(SignalSet, HoldsAll64) {
    SignalSet set;
    for (int number = Signal::min; number <= Signal::max; ++number) {
        const Signal signal(number);
        EXPECT_FALSE(set.contains(signal));
        set.insert(signal);
        EXPECT_TRUE(set.contains(signal));
        EXPECT_EQ(set.size(), number);
    }
    EXPECT_EQ(set, SignalSet::full());
    set.erase(Signal(64));
    set.erase(Signal(33));
    EXPECT_EQ(set.mask(), 0x7FFFFFFEFFFFFFFFU);
}

TEST(SignalSet, PutsSignalOneInBitZero) {
    EXPECT_EQ(SignalSet({Signal(1)}).mask(), 1U);
    EXPECT_EQ(SignalSet({Signal(32)}).mask(), 0x80000000U);
    EXPECT_EQ(SignalSet({Signal(33)}).mask(), 0x100000000U);
    EXPECT_EQ(SignalSet({Signal(64)}).mask(), 0x8000000000000000U);
}

TEST(SignalSet, IsTheSameForLibc) {
    const sigset_t set = SignalSet({Signal(SIGUSR1), Signal(64)}).to_sigset();
    EXPECT_EQ(sigismember(&set, SIGUSR1), 1);
    EXPECT_EQ(sigismember(&set, 64), 1);
    EXPECT_EQ(sigismember(&set, SIGUSR2), 0);
}

} // namespace
} // namespace sig2pid
