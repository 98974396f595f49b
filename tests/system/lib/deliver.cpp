// SPDX-License-Identifier: BSD-2-Clause
// Verdicts against the running kernel: what each standing of a real target comes to.
#include "helpers/child.hpp"

#include <sig2pid/deliver.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace sig2pid {
namespace {

using test::Child;

const Signal usr1(SIGUSR1);

Delivery deliver_to(const Child& child, Signal signal, const SendOptions& options = {}) {
    return deliver(child.process(), signal, options).value();
}

TEST(Deliver, CallsABlockedSignalDeliveredAndBlocked) {
    const Child child(test::block_all_and_pause);
    const Delivery delivery = deliver_to(child, usr1);
    EXPECT_EQ(delivery.verdict, Verdict::delivered);
    EXPECT_TRUE(delivery.blocked);
    EXPECT_TRUE(delivery.looked);
}

TEST(Deliver, CallsTheSecondOfAStandardSignalCoalesced) {
    const Child child(test::block_all_and_pause);
    EXPECT_EQ(deliver_to(child, usr1).verdict, Verdict::delivered);
    EXPECT_EQ(deliver_to(child, usr1).verdict, Verdict::coalesced);
    EXPECT_EQ(deliver_to(child, Signal(SIGRTMIN), {.payload = Payload{1}}).verdict, Verdict::delivered);
    EXPECT_EQ(deliver_to(child, Signal(SIGRTMIN), {.payload = Payload{2}}).verdict, Verdict::delivered);
}

TEST(Deliver, CallsAnIgnoredSignalIgnored) {
    const Child child([](const std::function<void()>& ready) {
        ::signal(SIGUSR1, SIG_IGN);
        return test::pause_at_defaults(ready);
    });
    EXPECT_EQ(deliver_to(child, usr1).verdict, Verdict::ignored);
    EXPECT_EQ(deliver_to(child, Signal(SIGURG)).verdict, Verdict::ignored);
}

TEST(Deliver, SparesWhoDoesNotHandleIt) {
    Child child(test::pause_at_defaults);
    EXPECT_EQ(deliver_to(child, usr1, {.default_policy = DefaultPolicy::refuse}).verdict, Verdict::unhandled);
    EXPECT_EQ(child.process().state(), ProcessState::alive);
    EXPECT_EQ(deliver_to(child, usr1).verdict, Verdict::delivered);
    EXPECT_EQ(child.wait(), 128 + SIGUSR1);
}

TEST(Deliver, TellsAZombieFromTheGone) {
    Child child(test::pause_at_defaults);
    EXPECT_EQ(deliver_to(child, Signal(SIGKILL)).verdict, Verdict::delivered);
    child.wait_for_zombie();
    EXPECT_EQ(deliver_to(child, Signal(SIGTERM)).verdict, Verdict::zombie);
    child.wait();
    EXPECT_EQ(deliver_to(child, Signal(SIGTERM)).verdict, Verdict::gone);
}

int block_all_with_no_queue(const std::function<void()>& ready) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    return test::block_all_and_pause(ready);
}

TEST(Deliver, CallsAFullQueueAnOverflow) {
    const Child child(block_all_with_no_queue);
    const Delivery realtime = deliver_to(child, Signal(SIGRTMIN), {.payload = Payload{1}});
    EXPECT_EQ(realtime.verdict, Verdict::overflow);
    EXPECT_EQ(realtime.error->reason, Reason::queue_full);
    EXPECT_EQ(deliver_to(child, usr1, {.payload = Payload{1}}).verdict, Verdict::overflow);
    EXPECT_FALSE(signal_status(child.process()).value().shared_pending.contains(usr1));
    EXPECT_EQ(deliver_to(child, usr1).verdict, Verdict::delivered);
}

TEST(Deliver, SeesTheOverflowThatTheKernelKeepsQuiet) {
    const Child child(block_all_with_no_queue);
    EXPECT_EQ(deliver_to(child, Signal(SIGRTMIN)).verdict, Verdict::delivered);
    EXPECT_EQ(deliver_to(child, Signal(SIGRTMIN)).verdict, Verdict::overflow);
}

int have_a_thread_that_takes_usr1(const std::function<void()>& ready) {
    ::signal(SIGUSR1, [](int) { ::_exit(42); });
    std::thread([ready] {
        ready();
        ::pause();
    }).detach();
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    for (;;) {
        ::pause();
    }
}

TEST(Deliver, DoesNotCallBlockedWhatAnotherThreadTakes) {
    Child child(have_a_thread_that_takes_usr1);
    EXPECT_FALSE(deliver_to(child, usr1).blocked);
    EXPECT_EQ(child.wait(), 42);
}

TEST(Deliver, ReachesAProcessWhoseMainThreadHasEnded) {
    Child child([](const std::function<void()>& ready) {
        std::thread([ready] {
            ready();
            ::pause();
        }).detach();
        ::syscall(SYS_exit, 0);
        return 1;
    });
    EXPECT_EQ(deliver_to(child, Signal(SIGTERM)).verdict, Verdict::delivered);
    EXPECT_EQ(child.wait(), 128 + SIGTERM);
}

int sigwait_for(const std::function<void()>& ready, const SignalSet& wanted) {
    const sigset_t set = wanted.to_sigset();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ready();
    for (int signal = 0;;) {
        ::sigwait(&set, &signal);
    }
}

/// All threads block the signals, and one of its own takes them.
int have_a_thread_that_waits(const std::function<void()>& ready, const SignalSet& wanted) {
    const sigset_t mask = wanted.to_sigset();
    ::sigprocmask(SIG_BLOCK, &mask, nullptr);
    std::thread([&] { sigwait_for(ready, wanted); }).detach();
    for (;;) {
        ::pause();
    }
}

/// Whether a thread of the process sleeps in sigwait, with nothing of `set` left to take.
bool sleeps_in_sigwait(const Child& child, const std::string& thread, const SignalSet& set) {
    const SignalSet pending =
        signal_status(child.process()).value().shared_pending; // first: it sleeps after taking all
    std::ifstream file("/proc/" + std::to_string(child.pid()) + "/task/" + thread + "/syscall");
    long number = -1;
    file >> number;
    return number == SYS_rt_sigtimedwait && (pending.mask() & set.mask()) == 0;
}

/// The last thread that was started, the main one when there is no other.
std::string last_thread(const Child& child) {
    std::string last;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(child.pid()) + "/task")) {
        last = std::max(last, entry.path().filename().string());
    }
    return last;
}

void await_sigwait(const Child& child, const SignalSet& set) {
    while (!sleeps_in_sigwait(child, last_thread(child), set)) {
        ::sched_yield();
    }
}

/// While a thread waits in sigwait, /proc does not show the signals it waits for as blocked.
TEST(Deliver, KnowsThatSigwaitTakesTheSignal) {
    const SignalSet set = {Signal(SIGRTMIN), Signal(SIGCHLD)};
    const Child child([&set](const std::function<void()>& ready) { return sigwait_for(ready, set); });
    const SendOptions refuse{.payload = Payload{1}, .default_policy = DefaultPolicy::refuse};
    for (int i = 0; i < 20; ++i) {
        await_sigwait(child, set);
        EXPECT_FALSE(signal_status(child.process()).value().blocked.contains(Signal(SIGRTMIN)));
        const Delivery realtime = deliver_to(child, Signal(SIGRTMIN), refuse);
        EXPECT_EQ(realtime.verdict, Verdict::delivered);
        EXPECT_TRUE(realtime.blocked);
        await_sigwait(child, set);
        EXPECT_EQ(deliver_to(child, Signal(SIGCHLD)).verdict, Verdict::delivered);
    }
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

bool may_use_two_processors() {
    cpu_set_t set;
    return ::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_ISSET(0, &set) && CPU_ISSET(1, &set);
}

void stay_on(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(cpu), &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

/// Leaves nothing of a processor to others, for so long. Needs CAP_SYS_NICE.
class Hog {
public:
    Hog(int cpu, std::chrono::milliseconds duration)
        : thread_([this, cpu, duration] {
              stay_on(cpu);
              const sched_param highest{.sched_priority = 1};
              state_ = ::sched_setscheduler(0, SCHED_FIFO, &highest) == 0 ? has_it : has_it_not;
              const auto end = std::chrono::steady_clock::now() + duration;
              while (state_ == has_it && std::chrono::steady_clock::now() < end) {
              }
          }) {
        while (state_ == starting) {
            ::sched_yield();
        }
    }

    [[nodiscard]] bool has_processor() const { return state_ == has_it; }

private:
    enum State { starting, has_it, has_it_not };
    std::atomic<State> state_ = starting;
    std::jthread thread_;
};

/// Woken by the first signal it shows neither its mask nor the wait, until it gets a processor.
void expect_patience_with(const Child::Body& waiter, const SignalSet& set) {
    if (!may_use_two_processors()) {
        GTEST_SKIP() << "needs the processors 0 and 1";
    }
    const Child child([&waiter](const std::function<void()>& ready) {
        stay_on(1);
        return waiter(ready);
    });
    await_sigwait(child, set);
    Delivery delivery;
    bool is_kept_off = false;
    std::thread([&] {
        stay_on(0);
        const Hog hog(1, std::chrono::milliseconds(60));
        is_kept_off = hog.has_processor();
        EXPECT_TRUE(queue(child.process(), Signal(SIGRTMIN), Payload{1}));
        delivery = deliver_to(child, Signal(SIGRTMIN), {.default_policy = DefaultPolicy::refuse});
    }).join();
    if (!is_kept_off) {
        GTEST_SKIP() << "needs CAP_SYS_NICE";
    }
    EXPECT_EQ(delivery.verdict, Verdict::delivered);
    EXPECT_TRUE(delivery.blocked);
}

TEST(Deliver, WaitsForWhoIsOnItsWayOutOfSigwait) {
    const SignalSet set = {Signal(SIGRTMIN)};
    expect_patience_with([&set](const std::function<void()>& ready) { return sigwait_for(ready, set); }, set);
}

TEST(Deliver, WaitsForAThreadThatIsOnItsWayOutOfSigwait) {
    const SignalSet set = {Signal(SIGRTMIN)};
    expect_patience_with([&set](const std::function<void()>& ready) { return have_a_thread_that_waits(ready, set); },
                         set);
}

TEST(Deliver, SparesWhoWaitsForAnotherSignal) {
    const SignalSet other = {Signal(SIGUSR2)};
    const Child child([&other](const std::function<void()>& ready) { return sigwait_for(ready, other); });
    await_sigwait(child, other);
    EXPECT_EQ(deliver_to(child, usr1, {.default_policy = DefaultPolicy::refuse}).verdict, Verdict::unhandled);
}

TEST(Deliver, KnowsThatAThreadOfItsOwnWaits) {
    const SignalSet set = {usr1};
    const Child child([&set](const std::function<void()>& ready) { return have_a_thread_that_waits(ready, set); });
    await_sigwait(child, set);
    EXPECT_EQ(deliver_to(child, usr1, {.default_policy = DefaultPolicy::refuse}).verdict, Verdict::delivered);
    EXPECT_EQ(child.process().state(), ProcessState::alive);
}

TEST(Deliver, UsesAnOpenReader) {
    const Child child(test::block_all_and_pause);
    const StatusReader reader = StatusReader::open(child.process()).value();
    const SendOptions options{.reader = &reader};
    EXPECT_EQ(deliver_to(child, usr1, options).verdict, Verdict::delivered);
    EXPECT_EQ(deliver_to(child, usr1, options).verdict, Verdict::coalesced);
}

TEST(Deliver, CallsAnotherUsersProcessDeniedAndSaysWhy) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "becoming another user needs root";
    }
    const Child target(test::pause_at_defaults);
    Child other([&target](const std::function<void()>&) -> int {
        constexpr uid_t nobody = 65534;
        if (::setresuid(nobody, nobody, nobody) != 0) {
            return 2;
        }
        const Result<Delivery> delivery = deliver(target.process(), Signal(SIGTERM));
        const bool denied = delivery && delivery->verdict == Verdict::denied &&
                            delivery->error->reason == Reason::no_permission &&
                            delivery->error->context.find("user 0") != std::string::npos;
        return denied ? 0 : 1;
    });
    EXPECT_EQ(other.wait(), 0);
    EXPECT_EQ(target.process().state(), ProcessState::alive);
}

TEST(Deliver, KnowsThatKernelThreadsIgnoreAll) {
    const Result<Process> kthreadd = Process::open(2);
    if (!kthreadd || name(*kthreadd) != "kthreadd") {
        GTEST_SKIP() << "no kernel thread is visible here";
    }
    const Delivery delivery = deliver(*kthreadd, usr1).value();
    EXPECT_EQ(delivery.verdict, ::geteuid() == 0 ? Verdict::ignored : Verdict::denied);
}

TEST(Deliver, RefusesWithoutAHandlerWhereOneIsRequired) {
    const Child child(test::pause_at_defaults);
    const SendOptions strict = {.default_policy = DefaultPolicy::require_handler};
    for (const int signal : {SIGTERM, SIGKILL, SIGUSR1, SIGSTOP}) {
        EXPECT_EQ(deliver_to(child, Signal(signal), strict).verdict, Verdict::unhandled) << signal;
    }
    EXPECT_EQ(child.process().state(), ProcessState::alive);
    const Child holder(test::block_all_and_pause);
    EXPECT_EQ(deliver_to(holder, Signal(SIGTERM), strict).verdict, Verdict::delivered);
}

/// Has room for one queued signal; takes it when told through the pipe.
class Crowded {
public:
    Crowded() {
        EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
        child_.emplace([this](const auto& ready) {
            rlimit usual{};
            ::getrlimit(RLIMIT_SIGPENDING, &usual);
            const rlimit none{0, usual.rlim_max};
            ::setrlimit(RLIMIT_SIGPENDING, &none);
            sigset_t all;
            sigfillset(&all);
            ::sigprocmask(SIG_BLOCK, &all, nullptr);
            ready();
            char told = 0;
            if (::read(ends_[0], &told, 1) != 1) {
                return 1;
            }
            ::setrlimit(RLIMIT_SIGPENDING, &usual);
            siginfo_t info;
            return ::sigwaitinfo(&all, &info) == SIGRTMIN && info.si_value.sival_int == 7 ? 0 : 2;
        });
    }
    ~Crowded() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    Crowded(const Crowded&) = delete;
    Crowded& operator=(const Crowded&) = delete;

    Child& child() { return *child_; }
    void make_room() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }

private:
    int ends_[2] = {-1, -1};
    std::optional<Child> child_;
};

TEST(Deliver, TriesAgainWhileTheQueueIsFull) {
    Crowded target;
    const SendOptions patient = {.payload = Payload{7}, .retry = std::chrono::seconds(20)};
    std::jthread other([&] { target.make_room(); });
    EXPECT_EQ(deliver_to(target.child(), Signal(SIGRTMIN), patient).verdict, Verdict::delivered);
    EXPECT_EQ(target.child().wait(), 0);
}

TEST(Deliver, EndsItsTriesWhenItIsCalledOff) {
    Crowded target;
    const UniqueFd cancel(::eventfd(0, EFD_CLOEXEC));
    const SendOptions endless = {.payload = Payload{7}, .retry = std::chrono::hours(1), .cancel_fd = cancel.get()};
    std::jthread other([&] { ::eventfd_write(cancel.get(), 1); });
    EXPECT_EQ(deliver_to(target.child(), Signal(SIGRTMIN), endless).verdict, Verdict::overflow);
}

TEST(Deliver, GivesUpWhenTheQueueStaysFull) {
    Crowded target;
    const SendOptions patient = {.payload = Payload{7}, .retry = std::chrono::milliseconds(30)};
    EXPECT_EQ(deliver_to(target.child(), Signal(SIGRTMIN), patient).verdict, Verdict::overflow);
}

} // namespace
} // namespace sig2pid
