// SPDX-License-Identifier: BSD-2-Clause
// One signal to one process, each time as a program of its own: what a script pays. The target has a handler.
#include "bench/measure.hpp"
#include "bench/program.hpp"

#include <csignal>
#include <fmt/format.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sig2pid::bench {
namespace {

/// A child that handles SIGUSR1 and does nothing else.
class Handler {
public:
    Handler() {
        // set before the fork, so that the child never is without; this process is not signalled
        struct sigaction action = {};
        action.sa_handler = [](int) {};
        sigaction(SIGUSR1, &action, nullptr);
        pid_ = fork();
        if (pid_ < 0) {
            fail("fork");
        }
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;) {
                pause();
            }
        }
    }
    ~Handler() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
    pid_t pid_ = -1;
};

double run_ms(const std::vector<std::string>& words) {
    const std::int64_t began = now_ns();
    const int status = run_to_end(words);
    const std::int64_t ended = now_ns();
    if (status != 0) {
        throw std::runtime_error(fmt::format("{} ended with status {:#x}", words[0], status));
    }
    return static_cast<double>(ended - began) / 1e6;
}

} // namespace

Figures send(const Settings& settings) {
    const Handler target;
    const std::string pid = fmt::format("{}", target.pid());
    const std::vector<std::string> ours = {settings.sig2pid, "send", "-s", "USR1", pid};
    const std::vector<std::string> theirs = {"/bin/kill", "-USR1", pid};
    Figure figure = {.what = "send: one signal, the whole program",
                     .unit = "ms",
                     .compared_with = "/bin/kill",
                     .bound = Bound::ratio,
                     .most = 1};
    const int rounds = settings.repeats(1000, 200);
    for (int round = 0; round < rounds; round++) {
        if (round % 50 == 0) {
            progress(settings, "send", round, rounds);
        }
        figure.samples.add(run_ms(ours));
        figure.compared.add(run_ms(theirs));
    }
    return {figure};
}

} // namespace sig2pid::bench
