// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include <sig2pid/send.hpp>

#include <csignal>
#include <gtest/gtest.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

std::string example(const std::string& name) {
    return std::string(EXAMPLES) + "/" + name;
}

TEST(Examples, PidfdSendSendsThePayload1234) {
    Command receiver({SIGNAL_TO_STATUS});
    EXPECT_EQ(receiver.read_out_line(), "ready");
    EXPECT_EQ(run({example("pidfd_send"), std::to_string(receiver.pid()), "USR1"}).status, 0);
    const Outcome outcome = receiver.finish();
    EXPECT_EQ(outcome.status, SIGUSR1);
    EXPECT_TRUE(outcome.out.ends_with(" 1234\n")) << outcome.out;
}

TEST(Examples, PidfdSendRefusesBadInput) {
    EXPECT_EQ(run({example("pidfd_send")}).status, 2);
    EXPECT_EQ(run({example("pidfd_send"), "0", "USR1"}).status, 2);
    EXPECT_EQ(run({example("pidfd_send"), std::to_string(::getpid()), "NONE"}).status, 2);
}

TEST(Examples, ReceiverEpollPrintsWhatComesUntilTerm) {
    Command receiver({example("receiver_epoll")});
    EXPECT_EQ(receiver.read_out_line(), "ready " + std::to_string(receiver.pid()));
    const Process target = Process::open(receiver.pid()).value();
    ASSERT_TRUE(queue(target, Signal(SIGRTMIN), Payload{1ULL << 63U}));
    EXPECT_EQ(receiver.read_out_line(),
              "SIGRTMIN SI_QUEUE value 9223372036854775808 from " + std::to_string(::getpid()));
    ASSERT_TRUE(send(target, Signal(SIGTERM)));
    const Outcome outcome = receiver.finish();
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(outcome.out.starts_with("SIGTERM SI_USER")) << outcome.out;
}

TEST(Examples, TerminateEndsAProcessFromC) {
    const Child soft(pause_at_defaults);
    const Outcome outcome = run({example("terminate"), std::to_string(soft.pid()), "60000"});
    EXPECT_EQ(outcome.out, soft.process().token().to_string() + " was killed by signal 15\n") << outcome.err;
    const Child hard(block_all_and_pause);
    EXPECT_TRUE(run({example("terminate"), hard.process().token().to_string(), "20"}).out.ends_with("by signal 9\n"));
    const Outcome refused = run({example("terminate"), "nonsense", "1"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_TRUE(contains(refused.err, "terminate: target 'nonsense'")) << refused.err;
}

TEST(Examples, ChildWatchTellsHowTheChildEnded) {
    const Outcome exited = run({example("child_watch"), "sh", "-c", "exit 7"});
    EXPECT_TRUE(exited.out.ends_with(" exited with status 7\n")) << exited.out;
    const Outcome killed = run({example("child_watch"), "sh", "-c", "kill -9 $$"});
    EXPECT_TRUE(killed.out.ends_with(" was ended by signal 9\n")) << killed.out;
    EXPECT_EQ(run({example("child_watch"), "/no/such/program"}).status, 1);
    EXPECT_EQ(run({example("child_watch")}).status, 1);
}

} // namespace
} // namespace sig2pid::test
