// SPDX-License-Identifier: BSD-2-Clause
#include "lib/syscalls.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::sys {
namespace {

constexpr std::size_t mask_size = sizeof(std::uint64_t);

/// libc's -1 and errno, as the kernel's negated errno.
template <typename T> T negated(T result) {
    return result < 0 ? static_cast<T>(-errno) : result;
}

template <typename... Arguments> int enter(long number, Arguments... arguments) {
    return static_cast<int>(negated(::syscall(number, arguments...)));
}

int pidfd_open(pid_t pid, unsigned flags) {
    return enter(SYS_pidfd_open, pid, flags);
}

int pidfd_send_signal(int pidfd, int signal, const siginfo_t* info, unsigned flags) {
    return enter(SYS_pidfd_send_signal, pidfd, signal, info, flags);
}

int pidfd_get_info(int pidfd, PidfdInfo& info) {
    return negated(::ioctl(pidfd, _IOWR(0xFF, 11, PidfdInfo), &info));
}

/// clone(2) with CLONE_PIDFD (5.2), for where clone3 is missing or a seccomp filter hides it.
pid_t clone_pidfd_legacy(int& pidfd) {
#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv)
    return enter(SYS_clone, static_cast<unsigned long>(CLONE_PIDFD | SIGCHLD), 0UL, &pidfd, 0UL, 0UL);
#else
    static_cast<void>(pidfd);
    return -ENOSYS;
#endif
}

/// A fork whose child is pinned before it can run (clone3, 5.3). CLONE_CLEAR_SIGHAND (5.5) keeps the parent's
/// handlers from running in the child before it executes its program.
pid_t clone_pidfd(int& pidfd) {
    clone_args arguments{};
    arguments.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    pid_t child = enter(SYS_clone3, &arguments, sizeof arguments);
    if (child == -EINVAL) {
        arguments.flags = CLONE_PIDFD;
        child = enter(SYS_clone3, &arguments, sizeof arguments);
    }
    return child == -ENOSYS || child == -EPERM ? clone_pidfd_legacy(pidfd) : child;
}

int waitid(idtype_t type, id_t id, siginfo_t& info, int options) {
    return negated(::waitid(type, id, &info, options));
}

int rt_sigtimedwait(std::uint64_t mask, siginfo_t& info, const timespec* timeout) {
    return enter(SYS_rt_sigtimedwait, &mask, &info, timeout, mask_size);
}

int rt_sigprocmask(int how, std::uint64_t mask, std::uint64_t* old) {
    return enter(SYS_rt_sigprocmask, how, &mask, old, mask_size);
}

int signalfd(std::uint64_t mask) {
    return enter(SYS_signalfd4, -1, &mask, mask_size, O_CLOEXEC | O_NONBLOCK);
}

int openat(int dirfd, const char* path, int flags) {
    return negated(::openat(dirfd, path, flags | O_CLOEXEC));
}

ssize_t pread(int fd, std::span<char> buffer, off_t offset) {
    return negated(::pread(fd, buffer.data(), buffer.size(), offset));
}

ssize_t getdents(int fd, std::span<char> buffer) {
    return negated(::syscall(SYS_getdents64, fd, buffer.data(), buffer.size()));
}

ssize_t readlinkat(int dirfd, const char* path, std::span<char> buffer) {
    return negated(::readlinkat(dirfd, path, buffer.data(), buffer.size()));
}

int fstatat(int dirfd, const char* path, struct stat& out) {
    return negated(::fstatat(dirfd, path, &out, 0));
}

int poll(int fd, short events, int timeout_ms) {
    pollfd entry{fd, events, 0};
    const int count = negated(::poll(&entry, 1, timeout_ms));
    return count < 0 ? count : entry.revents;
}

int fstat(int fd, struct stat& out) {
    return negated(::fstat(fd, &out));
}

int fstatfs(int fd, struct statfs& out) {
    return negated(::fstatfs(fd, &out));
}

ssize_t write(int fd, std::span<const char> buffer) {
    const ssize_t count = ::write(fd, buffer.data(), buffer.size());
    return count < 0 ? -errno : count;
}

int dup_cloexec(int fd) {
    return negated(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

int dup_onto(int fd, int target) {
    return negated(::dup3(fd, target, O_CLOEXEC));
}

std::uint64_t effective_capabilities() {
    __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets = {};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) {
        return 0;
    }
    return std::uint64_t{sets[1].effective} << 32U | sets[0].effective;
}

int netlink_open(int protocol, std::uint32_t group) {
    const int fd = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd < 0) {
        return -errno;
    }
    const int bytes = 4 << 20;
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); // as far as the system's limit
    }
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = group;
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(fd);
        return -error;
    }
    return fd;
}

ssize_t netlink_receive(int fd, std::span<char> buffer, std::uint32_t& sender) {
    sockaddr_nl address{};
    socklen_t length = sizeof address;
    const ssize_t count =
        ::recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&address), &length);
    sender = address.nl_pid;
    return negated(count);
}

int epoll_create() {
    return negated(::epoll_create1(EPOLL_CLOEXEC));
}

int epoll_add(int epoll, int fd, std::uint32_t events, std::uint64_t mark) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = mark;
    return negated(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

int epoll_wait(int epoll, std::span<epoll_event> events, int timeout_ms) {
    return negated(::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), timeout_ms));
}

constexpr Syscalls kernel{
    .pidfd_open = pidfd_open,
    .pidfd_send_signal = pidfd_send_signal,
    .pidfd_get_info = pidfd_get_info,
    .clone_pidfd = clone_pidfd,
    .waitid = waitid,
    .rt_sigtimedwait = rt_sigtimedwait,
    .rt_sigprocmask = rt_sigprocmask,
    .signalfd = signalfd,
    .openat = openat,
    .pread = pread,
    .write = write,
    .getdents = getdents,
    .readlinkat = readlinkat,
    .fstatat = fstatat,
    .poll = poll,
    .fstat = fstat,
    .fstatfs = fstatfs,
    .dup_cloexec = dup_cloexec,
    .dup_onto = dup_onto,
    .effective_capabilities = effective_capabilities,
    .netlink_open = netlink_open,
    .netlink_receive = netlink_receive,
    .epoll_create = epoll_create,
    .epoll_add = epoll_add,
    .epoll_wait = epoll_wait,
};

constinit const Syscalls* in_use = &kernel;

} // namespace

const Syscalls& calls() noexcept {
    return *in_use;
}

const Syscalls& kernel_calls() noexcept {
    return kernel;
}

void replace_calls(const Syscalls* table) noexcept {
    in_use = table != nullptr ? table : &kernel;
}

} // namespace sig2pid::sys
