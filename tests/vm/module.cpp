// SPDX-License-Identifier: BSD-2-Clause
#include "module.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::vm {

int load(const std::string& name, const std::string& parameters) {
    const UniqueFd file(::open(("/modules/" + name + ".ko").c_str(), O_RDONLY | O_CLOEXEC));
    return ::syscall(SYS_finit_module, file.get(), parameters.c_str(), 0) == 0 ? 0 : errno;
}

int error_of_kill(pid_t pid, int signal) {
    return ::kill(pid, signal) == 0 ? 0 : errno;
}

int unload(const std::string& name) {
    return ::syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) == 0 ? 0 : errno;
}

Loaded::Loaded(std::string name, const std::string& parameters) : name_(std::move(name)) {
    EXPECT_EQ(load(name_, parameters), 0) << name_;
}

Loaded::~Loaded() {
    EXPECT_EQ(unload(name_), 0) << name_;
}

UniqueFd open_requests() {
    return UniqueFd(::open("/proc/sig2pid", O_WRONLY | O_CLOEXEC));
}

Written write_to(int fd, std::string_view text) {
    const ssize_t bytes = ::write(fd, text.data(), text.size());
    return {bytes, bytes < 0 ? errno : 0};
}

int request(std::string_view text) {
    const UniqueFd fd = open_requests();
    const Written written = write_to(fd.get(), text);
    return written.bytes == static_cast<ssize_t>(text.size()) ? 0 : written.bytes < 0 ? written.error : EIO;
}

int request(pid_t pid, int signal) {
    return request(std::to_string(pid) + " " + std::to_string(signal) + "\n");
}

int request(pid_t pid, int signal, std::int64_t value) {
    return request(std::to_string(pid) + " " + std::to_string(signal) + " " + std::to_string(value) + "\n");
}

std::map<std::string, std::uint64_t> counters() {
    std::map<std::string, std::uint64_t> all;
    std::ifstream file("/proc/sig2pid");
    std::string name;
    for (std::uint64_t count = 0; file >> name >> count;) {
        all[name] = count;
    }
    return all;
}

UniqueFd open_device(int flags) {
    return UniqueFd(::open("/dev/sig2pid", O_RDONLY | flags));
}

int subscribe(int fd, std::string_view channel, unsigned signal, unsigned flags) {
    sig2pid_subscribe wish{};
    channel.copy(wish.channel, sizeof(wish.channel));
    wish.signal = signal;
    wish.flags = flags;
    return ::ioctl(fd, SIG2PID_SUBSCRIBE, &wish) == 0 ? 0 : errno;
}

sig2pid_status status_of(int fd) {
    sig2pid_status status{};
    EXPECT_EQ(::ioctl(fd, SIG2PID_STATUS, &status), 0) << errno;
    return status;
}

std::vector<sig2pid_event> read_events(int fd) {
    std::vector<sig2pid_event> events(1024);
    const ssize_t bytes = ::read(fd, events.data(), events.size() * sizeof(sig2pid_event));
    EXPECT_TRUE(bytes >= 0 || errno == EAGAIN) << errno;
    events.resize(bytes < 0 ? 0 : static_cast<std::size_t>(bytes) / sizeof(sig2pid_event));
    return events;
}

int raise(std::int64_t value) {
    const UniqueFd fd(::open("/sys/module/sig2pid_irq_work/parameters/raise", O_WRONLY | O_CLOEXEC));
    return write_to(fd.get(), std::to_string(value)).error;
}

ReceivedSignal next(Receiver& receiver) {
    const auto received = receiver.receive(std::chrono::seconds(10));
    const bool came = received && *received;
    EXPECT_TRUE(came) << "no signal within ten seconds";
    return came ? **received : ReceivedSignal{Signal(SIGKILL)};
}

bool is_quiet(Receiver& receiver) {
    const auto received = receiver.receive(std::chrono::nanoseconds(0));
    return received && !*received;
}

bool await_input(int fd) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, 10'000) == 1;
}

Module::Module()
    : receiver_(
          Receiver::make({Signal(SIGUSR1), Signal(SIGUSR2), Signal(SIGCONT), Signal(realtime), Signal(realtime + 1)})
              .value()) {
    EXPECT_EQ(::chmod("/dev/sig2pid", 0666), 0);
    receiver_.leave_blocked();
}

} // namespace sig2pid::vm
