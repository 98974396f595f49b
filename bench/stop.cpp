// SPDX-License-Identifier: BSD-2-Clause
// Processes that die at once: `sig2pid stop` of all of them, beside the least that must be done, one kill(2) of each
// and waiting until the last has exited.
#include "bench/measure.hpp"
#include "bench/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::bench {
namespace {

constexpr std::size_t many = 1000;

/// Processes that SIGTERM ends; reaped by nobody, so that only their exits are timed.
class Mortals {
public:
    Mortals() {
        std::array<int, 2> ends = {};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) {
            fail("pipe2");
        }
        for (std::size_t i = 0; i < many; i++) {
            const pid_t pid = fork();
            if (pid < 0) {
                fail("fork");
            }
            if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                prctl(PR_SET_NAME, name().c_str());
                close(ends[0]);
                close(ends[1]); // the last one to do so is the end of the file
                for (;;) {
                    pause();
                }
            }
            pids_.push_back(pid);
        }
        close(ends[1]);
        char none = 0;
        static_cast<void>(read(ends[0], &none, 1));
        close(ends[0]);
    }
    ~Mortals() {
        for (const pid_t pid : pids_) {
            kill(pid, SIGKILL);
            waitpid(pid, nullptr, 0);
        }
    }
    Mortals(const Mortals&) = delete;
    Mortals& operator=(const Mortals&) = delete;

    [[nodiscard]] static std::string name() { return "bench-mortal"; }
    [[nodiscard]] const std::vector<pid_t>& pids() const noexcept { return pids_; }

private:
    std::vector<pid_t> pids_;
};

void await_exit(pid_t pid) {
    siginfo_t info = {};
    while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
}

double kill_each_ms() {
    const Mortals mortals;
    const std::int64_t began = now_ns();
    for (const pid_t pid : mortals.pids()) {
        kill(pid, SIGTERM);
    }
    for (const pid_t pid : mortals.pids()) {
        await_exit(pid);
    }
    return static_cast<double>(now_ns() - began) / 1e6;
}

double stop_ms(const Settings& settings) {
    const Mortals mortals;
    const std::int64_t began = now_ns();
    const int status = run_to_end({settings.sig2pid, "stop", "name:" + Mortals::name()});
    const std::int64_t ended = now_ns();
    for (const pid_t pid : mortals.pids()) {
        siginfo_t info = {};
        if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) != 0 || info.si_pid != pid) {
            throw std::runtime_error(fmt::format("stop ended with status {:#x}, and {} lives", status, pid));
        }
    }
    return static_cast<double>(ended - began) / 1e6;
}

} // namespace

Figures stop(const Settings& settings) {
    Figure figure = {.what = fmt::format("stop: {} processes that die at once", many),
                     .unit = "ms",
                     .compared_with = "kill(2) of each",
                     .bound = Bound::ratio,
                     .most = 1.5};
    const int rounds = settings.repeats(15, 5);
    for (int round = 0; round < rounds; round++) {
        progress(settings, "stop", round, rounds);
        figure.compared.add(kill_each_ms());
        figure.samples.add(stop_ms(settings));
    }
    return {figure};
}

} // namespace sig2pid::bench
