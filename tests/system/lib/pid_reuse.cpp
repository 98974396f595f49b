// SPDX-License-Identifier: BSD-2-Clause
// The promise that matters most: a PID that has passed to another process is never signalled.
#include "helpers/child.hpp"
#include "helpers/confined.hpp"
#include "helpers/pid_space.hpp"

#include <sig2pid/deliver.hpp>

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid {
namespace {

using test::Child;

using test::Finding;
using enum test::Finding;

Finding check_stranger(const Token& token, const Process& old_pin, const Child& stranger) {
    if (stranger.pid() != token.pid) {
        return not_reused;
    }
    const Result<Process> found = Process::from_token(token);
    if (found || found.error().reason != Reason::gone) {
        return token_matched;
    }
    const Result<Delivery> delivery = deliver(old_pin, Signal(SIGKILL));
    if (!delivery || delivery->verdict != Verdict::gone || old_pin.state() != ProcessState::gone) {
        return old_pin_hit;
    }
    return stranger.process().state() == ProcessState::alive ? all_well : stranger_hurt;
}

/// Before Linux 6.9 a token is only as good as the start time, which is told in ticks.
void wait_for_the_next_tick() {
    const UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    const itimerspec two_ticks{{}, {0, 2 * 1'000'000'000 / ::sysconf(_SC_CLK_TCK)}};
    std::uint64_t expirations = 0;
    EXPECT_EQ(::timerfd_settime(timer.get(), 0, &two_ticks, nullptr), 0);
    EXPECT_EQ(::read(timer.get(), &expirations, sizeof(expirations)), static_cast<ssize_t>(sizeof(expirations)));
}

/// As PID 1 of a new namespace: lets a process die and another get its PID.
Finding reuse_a_pid() {
    Child victim(test::pause_at_defaults);
    const Token token = victim.process().token();
    const Process pin = victim.process().duplicate().value();
    if (!send(pin, Signal(SIGKILL))) {
        return old_pin_hit;
    }
    victim.wait();
    wait_for_the_next_tick();
    if (!test::steer_next_pid(token.pid)) {
        return cannot_steer_pids;
    }
    const Child stranger(test::pause_at_defaults);
    return check_stranger(token, pin, stranger);
}

void expect_all_well(bool (*prepare)()) {
    const int finding =
        test::run_as_init([&] { return prepare() ? reuse_a_pid() : cannot_steer_pids; }, cannot_unshare);
    if (finding == cannot_unshare) {
        GTEST_SKIP() << "a new PID namespace needs CAP_SYS_ADMIN";
    }
    if (finding == cannot_steer_pids) {
        GTEST_SKIP() << "this kernel has neither ns_last_pid nor few PIDs";
    }
    EXPECT_EQ(finding, all_well);
}

TEST(PidReuse, OldTokenIsGoneAndTheStrangerLives) {
    expect_all_well([] {
        test::prepare_to_steer(); // or it takes its time
        return true;
    });
}

TEST(PidReuse, IsNoDangerWhereThePidsAreSoFewThatTheyComeAgainByThemselves) {
    expect_all_well(test::make_pids_scarce);
}

} // namespace
} // namespace sig2pid
