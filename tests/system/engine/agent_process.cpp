// SPDX-License-Identifier: BSD-2-Clause
#include "agent_process.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

namespace sig2pid::engine {

AgentProcess::AgentProcess(const RuleText& text)
    : end_(eventfd(0, EFD_CLOEXEC)),
      summary_(static_cast<Summary*>(
          mmap(nullptr, sizeof(Summary), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    child_.emplace([&](const auto& ready) { return run(text, ready); });
}

AgentProcess::~AgentProcess() {
    munmap(summary_, sizeof(Summary));
}

int AgentProcess::run(const RuleText& text, const std::function<void()>& ready) const {
    const auto rule = Rule::check(text);
    auto session = rule ? Session::arm(*rule) : Result<Session>(std::unexpected(rule.error()));
    if (!session) {
        std::fprintf(stderr, "refused: %s\n", session.error().message().c_str());
        return 1;
    }
    ready();
    const auto ending = session->run(end_.get(), [](const Match&) {});
    *summary_ = session->summary();
    return ending ? 0 : 2;
}

void AgentProcess::stop() const {
    kill(child_->pid(), SIGSTOP);
    EXPECT_TRUE(await_stop(*child_));
}

void AgentProcess::go_on() const {
    kill(child_->pid(), SIGCONT);
}

std::optional<Summary> AgentProcess::finish() {
    eventfd_write(end_.get(), 1);
    return child_->wait() == 0 ? std::optional(*summary_) : std::nullopt;
}

bool await_stop(const test::Child& child) {
    siginfo_t info = {};
    return waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED | WEXITED | WNOWAIT) == 0 &&
           info.si_code == CLD_STOPPED;
}

std::uint64_t accounted(const Summary& summary) {
    std::uint64_t sum = summary.lost;
    for (const auto& rung : summary.verdicts) {
        for (const std::uint64_t count : rung) {
            sum += count;
        }
    }
    return sum;
}

} // namespace sig2pid::engine
