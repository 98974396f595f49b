// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.hpp"

#include <gtest/gtest.h>

namespace sig2pid::test {
namespace {

TEST(SignalsCommand, ListsAll64) {
    const Outcome outcome = run_sig2pid({"signals", "--json"});
    EXPECT_EQ(outcome.status, 0);
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 64U);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(lines[i]["number"], i + 1);
    }
    EXPECT_EQ(lines[14]["name"], "SIGTERM");
    EXPECT_EQ(lines[31]["reserved"], true);
    EXPECT_EQ(lines[63]["name"], "SIGRTMAX");
}

TEST(SignalsCommand, ShowsOneByNameOrNumber) {
    for (const char* text : {"usr1", "SIGUSR1", "10"}) {
        const Outcome outcome = run_sig2pid({"signals", text});
        EXPECT_EQ(outcome.status, 0);
        EXPECT_TRUE(contains(outcome.out, "10      SIGUSR1  terminate  User defined signal 1\n")) << outcome.out;
    }
}

TEST(SignalsCommand, SuggestsTheNearestName) {
    const Outcome outcome = run_sig2pid({"signals", "USR3"});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.err, "sig2pid signals: unknown signal 'USR3'; did you mean USR1?\n");
}

} // namespace
} // namespace sig2pid::test
