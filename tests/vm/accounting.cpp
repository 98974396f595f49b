// SPDX-License-Identifier: BSD-2-Clause
// Every signal asked for arrives or is refused, and the counters say so.
#include "helpers/child.hpp"
#include "module.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <list>
#include <sched.h>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using test::Child;

constexpr std::uint64_t writers = 4;
constexpr std::uint64_t writes = 25'000;

class Accounting : public Module {};

/// Writes each of its numbers until it is taken; the exit status.
int write_all(pid_t target, std::uint64_t writer) {
    const UniqueFd fd = open_requests();
    for (std::uint64_t i = 0; i < writes; i++) {
        const std::string line =
            std::to_string(target) + " " + std::to_string(realtime) + " " + std::to_string(writer << 32U | i) + "\n";
        Written written = write_to(fd.get(), line);
        while (written.error == EAGAIN) { // the queue is full
            ::sched_yield();
            written = write_to(fd.get(), line);
        }
        if (written.error != 0) {
            return written.error;
        }
    }
    return 0;
}

TEST_F(Accounting, AHundredThousandWritesFromFourProcessesAllArriveInOrder) {
    const pid_t self = ::getpid();
    std::list<Child> children;
    for (std::uint64_t writer = 0; writer < writers; writer++) {
        children.emplace_back([=](const auto& ready) {
            ready();
            return write_all(self, writer);
        });
    }
    std::array<std::uint64_t, writers> seen{};
    for (std::uint64_t i = 0; i < writers * writes; i++) {
        const ReceivedSignal got = next(receiver_);
        const std::uint64_t writer = got.value >> 32U;
        ASSERT_LT(writer, writers);
        ASSERT_EQ(got.value & UINT32_MAX, seen.at(writer)++) << "of writer " << writer;
        ASSERT_EQ(got.code, SI_QUEUE);
    }
    for (Child& child : children) {
        EXPECT_EQ(child.wait(), 0);
    }
    EXPECT_TRUE(is_quiet(receiver_));
    auto counted = counters();
    EXPECT_EQ(counted["sent"], writers * writes);
    for (const char* refusal :
         {"EPERM", "EACCES", "ESRCH", "EALREADY", "EINVAL", "ERANGE", "E2BIG", "EFAULT", "other"}) {
        EXPECT_EQ(counted[refusal], 0U) << refusal;
    }
    RecordProperty("full_queue", std::to_string(counted["EAGAIN"]));
}

} // namespace
} // namespace sig2pid::vm
