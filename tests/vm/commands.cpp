// SPDX-License-Identifier: BSD-2-Clause
// What the command line knows of the module.
#include "helpers/command.hpp"
#include "module.hpp"

#include <csignal>
#include <string>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using test::Outcome;

class Commands : public Module {
protected:
    std::string self_ = std::to_string(::getpid());
};

TEST_F(Commands, SendGoesThroughTheModule) {
    const Outcome plain = test::run({SIG2PID, "send", "--via-module", "-s", "USR1", self_});
    EXPECT_EQ(plain.status, 0) << plain.err;
    EXPECT_EQ(next(receiver_).code, SI_USER);
    const Outcome valued = test::run({SIG2PID, "send", "--via-module", "-s", "40", "-q", "-7", self_});
    EXPECT_EQ(valued.status, 0) << valued.err;
    const ReceivedSignal got = next(receiver_);
    EXPECT_EQ(static_cast<std::int64_t>(got.value), -7);
    EXPECT_EQ(got.code, SI_QUEUE);
    EXPECT_EQ(counters()["sent"], 2U);
}

TEST_F(Commands, DoctorReportsTheModule) {
    const auto report = [] { return test::run({SIG2PID, "doctor"}).out; };
    EXPECT_NE(report().find("is loaded and takes requests"), std::string::npos) << report();
    ASSERT_EQ(unload("sig2pid"), 0);
    EXPECT_NE(report().find("not loaded"), std::string::npos) << report();
    EXPECT_EQ(load("sig2pid", "mode=0222"), 0);
}

TEST_F(Commands, RecvDecodesWhatAModuleSends) {
    test::Command receiver({SIG2PID, "recv", "--json", "--count", "1", "40"});
    EXPECT_NE(receiver.read_err_line().find("ready"), std::string::npos);
    const Loaded sample("sig2pid_irq_work", "pid=" + std::to_string(receiver.pid()));
    ASSERT_EQ(raise(-3), 0);
    const Outcome received = receiver.finish();
    EXPECT_EQ(received.status, 0) << received.err;
    EXPECT_NE(received.out.find(R"("code":"SI_KERNEL")"), std::string::npos) << received.out;
    EXPECT_NE(received.out.find(R"("kernel":true)"), std::string::npos) << received.out;
}

} // namespace
} // namespace sig2pid::vm
