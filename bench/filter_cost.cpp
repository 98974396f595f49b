// SPDX-License-Identifier: BSD-2-Clause
// What an armed rule costs each event that it is not about: nanoseconds by the kernel's own account (BPF_ENABLE_STATS),
// which includes the two readings of the clock. Both programs are attached at once, so they see the same events.
#include "bench/contenders.hpp"
#include "bench/measure.hpp"
#include "bench/program.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <linux/bpf.h>
#include <sched.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::bench {
namespace {

/// As long as it lives the kernel accounts for every program (5.8).
class BpfStatistics {
public:
    BpfStatistics() {
        bpf_attr attributes = {};
        attributes.enable_stats.type = BPF_STATS_RUN_TIME;
        fd_ = static_cast<int>(syscall(SYS_bpf, BPF_ENABLE_STATS, &attributes, sizeof(attributes)));
        if (fd_ < 0) {
            fail("BPF_ENABLE_STATS");
        }
    }
    ~BpfStatistics() { close(fd_); }
    BpfStatistics(const BpfStatistics&) = delete;
    BpfStatistics& operator=(const BpfStatistics&) = delete;

private:
    int fd_ = -1;
};

struct Account {
    long runs = 0, nanoseconds = 0;
};

/// The account of the process's tracepoint program; of several the busiest.
Account account_of(pid_t pid) {
    Account busiest;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fdinfo", pid))) {
        const std::string text = read_text(entry.path());
        const long runs = number_after(text, "run_cnt:");
        if (number_after(text, "prog_type:") == BPF_PROG_TYPE_TRACEPOINT && runs > busiest.runs) {
            busiest = {runs, number_after(text, "run_time_ns:")};
        }
    }
    return busiest;
}

/// Two processes on one CPU that wake each other in turn: two switches a turn.
void switch_tasks(int turns) {
    std::array<int, 2> there = {}, back = {};
    char byte = 0;
    const PinnedCpu pinned(0);
    if (pipe2(there.data(), O_CLOEXEC) != 0 || pipe2(back.data(), O_CLOEXEC) != 0) {
        fail("pipe2");
    }
    const pid_t child = fork();
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {
        }
        _exit(0);
    }
    for (int i = 0; i < turns && write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1; i++) {
    }
    for (const int fd : {there[0], there[1], back[0], back[1]}) {
        close(fd);
    }
    waitpid(child, nullptr, 0);
}

void open_files(int count) {
    for (int i = 0; i < count; i++) {
        close(open("/proc/self/status", O_PATH | O_CLOEXEC));
    }
}

struct Filter {
    std::string what, event, where;       ///< ours
    std::string probe, predicate;         ///< bpftrace's
    std::function<void(int events)> load; ///< causes that many events, more or less
};

const std::array<Filter, 4> filters = {{
    {"integer, sched_switch", "tracepoint:sched/sched_switch", "next_pid == 0x7fffffff",
     "tracepoint:sched:sched_switch", "args->next_pid == 0x7fffffff", [](int events) { switch_tasks(events / 2); }},
    {"comm == \"nobody\", sched_switch", "tracepoint:sched/sched_switch", "comm == \"nobody\"",
     "tracepoint:sched:sched_switch", "comm == \"nobody\"", [](int events) { switch_tasks(events / 2); }},
    {"integer, openat", "syscall:openat", "flags == 0x7fffffff", "tracepoint:syscalls:sys_enter_openat",
     "args->flags == 0x7fffffff", open_files},
    {"filename == \"/nobody\", openat", "syscall:openat", "filename == \"/nobody\"",
     "tracepoint:syscalls:sys_enter_openat", "str(args->filename) == \"/nobody\"", open_files},
}};

void add_cost(Samples& samples, pid_t pid, Account& before) {
    const Account after = account_of(pid);
    if (after.runs == before.runs) {
        throw std::runtime_error("a program was not run by its events");
    }
    samples.add(static_cast<double>(after.nanoseconds - before.nanoseconds) /
                static_cast<double>(after.runs - before.runs));
    before = after;
}

Figure measure(const Settings& settings, const Listener& listener, const Filter& filter) {
    Figure figure = {.what = "no match: " + filter.what, .unit = "ns"};
    const bool has_bpftrace = !settings.bpftrace.empty();
    Program ours(rule_line(settings, listener, {filter.event, filter.where}));
    ours.wait_for(armed);
    std::optional<Program> theirs;
    if (has_bpftrace) {
        theirs.emplace(script_line(settings, {filter.probe, filter.predicate, "@ = 1"})).wait_for(armed);
        figure.compared_with = "bpftrace";
    }
    constexpr int events = 20'000;
    filter.load(events / 10);
    Account our_account = account_of(ours.pid());
    Account their_account = has_bpftrace ? account_of(theirs->pid()) : Account{};
    for (int round = 0; round < settings.repeats(20, 5); round++) {
        filter.load(events);
        add_cost(figure.samples, ours.pid(), our_account);
        if (has_bpftrace) {
            add_cost(figure.compared, theirs->pid(), their_account);
        }
    }
    return figure;
}

} // namespace

Figures filter_cost(const Settings& settings) {
    const BpfStatistics statistics;
    const Listener listener;
    Figures figures;
    for (const Filter& filter : filters) {
        progress(settings, "events that do not match", static_cast<int>(figures.size()), filters.size());
        figures.push_back(measure(settings, listener, filter));
    }
    return figures;
}

} // namespace sig2pid::bench
