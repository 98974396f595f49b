// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/confined.hpp"

#include "helpers/child.hpp"

#include <csignal>
#include <cstddef>
#include <iterator>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace sig2pid::test {

bool have_own_mounts() {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool cover(const char* path) {
    return have_own_mounts() && ::mount("none", path, "tmpfs", 0, nullptr) == 0;
}

bool refuse_call(long number, int code) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(code)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {.len = std::size(filter), .filter = filter};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int run_as_init(const std::function<int()>& body, int otherwise) {
    Child parent([&](const auto& parent_ready) -> int {
        parent_ready();
        if (::unshare(CLONE_NEWPID) != 0) {
            return otherwise;
        }
        Child init([&](const auto& ready) -> int {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ready();
            // not before the fork: the parent reads its own /proc to pin this process
            return have_own_mounts() && ::mount("proc", "/proc", "proc", 0, nullptr) == 0 ? body() : otherwise;
        });
        return init.wait();
    });
    return parent.wait();
}

} // namespace sig2pid::test
