// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/child.hpp"
#include "helpers/selected.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/escalation.hpp>
#include <sig2pid/process_info.hpp>
#include <sig2pid/receiver.hpp>
#include <sig2pid/selector.hpp>
#include <sig2pid/sig2pid.h>
#include <sig2pid/sweep.hpp>
#include <sig2pid/wait.hpp>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <list>
#include <string>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace sig2pid::test {
namespace {

constexpr std::size_t thread_count = 4;
constexpr int rounds = 500;

/// Runs `body` in several threads, all of which start when the last is there, and returns when all are done.
void in_threads(const std::function<void(std::size_t index)>& body) {
    std::atomic<std::size_t> waiting = thread_count;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads.emplace_back([&, i] {
            --waiting;
            while (waiting > 0) {
                std::this_thread::yield();
            }
            body(i);
        });
    }
}

/// Children of one body, made before there are threads.
std::list<Child> children(std::size_t count, const Child::Body& body) {
    std::list<Child> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.emplace_back(body);
    }
    return all;
}

std::vector<Process> pins(const std::list<Child>& children) {
    std::vector<Process> all;
    for (const Child& child : children) {
        all.push_back(child.process().duplicate().value());
    }
    return all;
}

/// Receives `rounds` signals: 0 when all of them carried this value, 1 otherwise.
Child::Body takes_only(std::uint64_t value) {
    return [value](const std::function<void()>& ready) {
        Receiver receiver = Receiver::make({Signal(SIGRTMIN)}).value();
        ready();
        bool good = true;
        for (int i = 0; i < rounds; ++i) {
            const auto signal = receiver.receive(std::chrono::seconds(30));
            good = good && signal && *signal && (*signal)->value == value;
        }
        return good ? 0 : 1;
    };
}

/// Opens descriptors of its own as long as others work, and sees that nobody closes or takes them.
class Canary {
public:
    Canary()
        : thread_([this](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  look();
              }
          }) {}

    /// How often a descriptor was not what it was when opened.
    std::size_t finish() {
        thread_.request_stop();
        thread_.join();
        EXPECT_GT(looks_, 0U);
        return wrong_;
    }

private:
    void look() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            ++wrong_;
            return;
        }
        struct stat before = {};
        struct stat after = {};
        const bool known = ::fstat(ends[0], &before) == 0;
        std::this_thread::yield();
        char byte = 'x';
        const bool same = known && ::write(ends[1], &byte, 1) == 1 && ::read(ends[0], &byte, 1) == 1 &&
                          ::fstat(ends[0], &after) == 0 && before.st_ino == after.st_ino;
        const bool first_closed = ::close(ends[0]) == 0;
        const bool second_closed = ::close(ends[1]) == 0;
        wrong_ += same && first_closed && second_closed ? 0 : 1;
        ++looks_;
    }

    std::size_t wrong_ = 0;
    std::size_t looks_ = 0;
    std::jthread thread_;
};

TEST(Threads, PinAndReleaseManyProcessesAndNeverHitEachOthers) {
    std::list<Child> targets;
    for (std::size_t i = 0; i < thread_count; ++i) {
        targets.emplace_back(takes_only(i));
    }
    const std::vector<Process> pinned = pins(targets);
    Canary canary;
    in_threads([&](std::size_t i) {
        for (int round = 0; round < rounds; ++round) {
            const Process process = Process::open(pinned[i].pid()).value();
            const SendOptions options{.payload = Payload{i}};
            EXPECT_EQ(deliver(process, Signal(SIGRTMIN), options).value().verdict, Verdict::delivered);
        }
    });
    EXPECT_EQ(canary.finish(), 0U);
    for (Child& target : targets) {
        EXPECT_EQ(target.wait(), 0);
    }
}

TEST(Threads, ShareOneProcess) {
    const Child child(block_all_and_pause);
    const Process& process = child.process();
    const std::string token = process.token().to_string();
    in_threads([&](std::size_t) {
        for (int round = 0; round < rounds / 10; ++round) {
            EXPECT_EQ(process.state().value(), ProcessState::alive);
            EXPECT_EQ(process.token().to_string(), token);
            EXPECT_TRUE(probe(process));
            EXPECT_TRUE(send(process, Signal(SIGUSR1)));
            EXPECT_EQ(deliver(process, Signal(SIGUSR1)).value().verdict, Verdict::coalesced);
            EXPECT_TRUE(process_info(process));
            EXPECT_EQ(process.duplicate().value().pid(), process.pid());
        }
    });
}

TEST(Threads, WaitForTheSameProcessesAndAreCancelledTogether) {
    const std::list<Child> targets = children(2, pause_at_defaults);
    const std::vector<Process> pinned = pins(targets);
    const UniqueFd cancel(::eventfd(0, EFD_CLOEXEC));
    std::atomic<std::size_t> saw_one = 0;
    in_threads([&](std::size_t i) {
        if (i == 0) {
            EXPECT_TRUE(send(pinned[1], Signal(SIGKILL)));
        }
        const WaitResult any = wait_any(pinned).value();
        EXPECT_EQ(any.exits.at(0).index, 1U);
        if (++saw_one == thread_count) {
            EXPECT_EQ(::eventfd_write(cancel.get(), 1), 0);
        }
        EXPECT_EQ(wait_all(pinned, {.cancel_fd = cancel.get()}).value().end, WaitEnd::cancelled);
    });
}

TEST(Threads, EachEndItsOwnByALadder) {
    std::vector<std::vector<Process>> groups;
    std::list<Child> targets = children(thread_count * 5, pause_at_defaults);
    std::vector<Process> pinned = pins(targets);
    for (std::size_t i = 0; i < thread_count; ++i) {
        auto& group = groups.emplace_back();
        for (std::size_t member = 0; member < 5; ++member) {
            group.push_back(std::move(pinned[i * 5 + member]));
        }
    }
    Canary canary;
    in_threads([&](std::size_t i) {
        const EscalationReport report = Escalation().run(groups[i]).value();
        EXPECT_EQ(report.end, EscalationEnd::all_ended);
        for (const Ending& ending : report.endings) {
            EXPECT_EQ(ending.ended_by, Signal(SIGTERM));
        }
    });
    EXPECT_EQ(canary.finish(), 0U);
}

TEST(Threads, SelectAndSweepAtTheSameTime) {
    const std::string name = own_name("many");
    const std::list<Child> targets = children(8, named(name));
    const Target target = Target::parse("name:" + name).value();
    Canary canary;
    in_threads([&](std::size_t i) {
        for (int round = 0; round < 5; ++round) {
            if (i % 2 == 0) {
                const Result<ProcessSet> set = select(Selector({target}));
                EXPECT_EQ(set ? set->size() : 0, targets.size());
            } else {
                std::atomic<std::size_t> acted = 0;
                EXPECT_EQ(sweep(target, [&](const Process&) { ++acted; }).value_or(0), targets.size());
                EXPECT_EQ(acted, targets.size());
            }
        }
    });
    EXPECT_EQ(canary.finish(), 0U);
}

/// So many that the selection and the signalling are divided among threads, as far as there are processors.
TEST(Threads, OfOneLadderSignalHundredsAtOnce) {
    constexpr std::size_t many = 1100;
    const std::string name = own_name("rung");
    std::list<Child> targets = children(many, named(name));
    Canary canary;
    ProcessSet set = select_by({"name:" + name}).value();
    ASSERT_EQ(set.size(), many);
    const EscalationReport report = Escalation().run(set).value();
    EXPECT_EQ(canary.finish(), 0U);
    EXPECT_EQ(report.end, EscalationEnd::all_ended);
    for (const Ending& ending : report.endings) {
        EXPECT_EQ(ending.ended_by, Signal(SIGTERM));
    }
    for (Child& target : targets) {
        EXPECT_EQ(target.wait(), 128 + SIGTERM);
    }
}

TEST(Threads, ShareAHandleOfTheCHeader) {
    const Child child(pause_at_defaults);
    sig2pid_process* process = nullptr;
    ASSERT_EQ(sig2pid_open(child.pid(), &process), 0) << sig2pid_message();
    in_threads([&](std::size_t i) {
        EXPECT_EQ(sig2pid_send(process, 65), -EINVAL);
        EXPECT_NE(std::string(sig2pid_message()), "");
        for (int round = 0; round < rounds; ++round) {
            EXPECT_EQ(sig2pid_send(process, 0), 0);
        }
        if (i == 0) {
            EXPECT_EQ(sig2pid_send(process, SIGKILL), 0);
        }
        sig2pid_exit how{};
        EXPECT_EQ(sig2pid_wait(process, -1, -1, &how), 1);
        EXPECT_EQ(how.signal, SIGKILL);
    });
    sig2pid_close(process);
}

} // namespace
} // namespace sig2pid::test
