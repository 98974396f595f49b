// SPDX-License-Identifier: BSD-2-Clause
// child_watch PROGRAM [ARGUMENT...]: starts a program and learns of its end from its pidfd, without SIGCHLD.
#include <sig2pid/process.hpp>

#include <cstdio>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <vector>

int main(int argc, char** argv) {
    using namespace sig2pid;
    const std::vector<std::string> program(argv + 1, argv + argc);
    const Result<Process> child = Process::spawn(program);
    if (!child) {
        std::fprintf(stderr, "child_watch: %s\n", child.error().message().c_str());
        return 1;
    }
    // A pidfd is readable when its process has exited: poll, epoll and io_uring all wait for it.
    pollfd event{child->fd(), POLLIN, 0};
    ::poll(&event, 1, -1);

    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(child->fd()), &info, WEXITED) != 0) {
        std::perror("waitid");
        return 1;
    }
    const char* const how = info.si_code == CLD_EXITED ? "exited with status" : "was ended by signal";
    std::printf("%s %s %d\n", child->token().to_string().c_str(), how, info.si_status);
    return 0;
}
