// SPDX-License-Identifier: BSD-2-Clause
#include "lib/proc_connector.hpp"

#include "lib/syscalls.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <random>

namespace sig2pid {
namespace {

constexpr std::size_t header_size = sizeof(nlmsghdr) + sizeof(cn_msg);
constexpr std::size_t longest = 512; // a message has 76 bytes

// Newer headers have these names elsewhere.
constexpr std::uint32_t event_none = 0, event_fork = 1, event_exit = 0x80000000;

/// struct proc_input of newer headers (Linux 6.6).
struct Input {
    std::uint32_t operation = 0;
    std::uint32_t events = 0;
};

template <typename T> T read_at(std::span<const char> message, std::size_t offset) {
    T value;
    std::memcpy(&value, message.data() + offset, sizeof value);
    return value;
}

/// Asks the kernel for something; whether it took the message.
template <typename T> bool ask(int socket, const T& input, std::uint32_t number) {
    std::array<char, header_size + sizeof input> message{};
    nlmsghdr header{};
    header.nlmsg_len = message.size();
    header.nlmsg_type = NLMSG_DONE;
    std::memcpy(message.data(), &header, sizeof header);
    cn_msg connector{}; // its data is no part of sizeof
    connector.id = {CN_IDX_PROC, CN_VAL_PROC};
    connector.ack = number;
    connector.len = sizeof input;
    std::memcpy(message.data() + sizeof header, &connector, sizeof connector);
    std::memcpy(message.data() + header_size, &input, sizeof input);
    return sys::calls().write(socket, message) == static_cast<ssize_t>(message.size());
}

std::optional<std::uint32_t> what_of(std::span<const char> message) {
    if (message.size() < header_size + sizeof(proc_event)) {
        return std::nullopt;
    }
    const auto connector = read_at<cn_msg>(message, sizeof(nlmsghdr));
    if (connector.id.idx != CN_IDX_PROC || connector.id.val != CN_VAL_PROC || connector.len < sizeof(proc_event)) {
        return std::nullopt;
    }
    return read_at<std::uint32_t>(message, header_size + offsetof(proc_event, what));
}

/// One message, if the kernel sent it: who else sends one is not listened to.
ssize_t receive(int socket, std::span<char> buffer) {
    std::uint32_t sender = 0;
    ssize_t count = 0;
    do {
        count = sys::calls().netlink_receive(socket, buffer, sender);
    } while (count >= 0 && sender != 0);
    return count;
}

/// Whether the question of that number was taken: the kernel answers while it is asked, and all who listen hear it.
/// What others listen to may come before.
bool is_acknowledged(int socket, std::uint32_t number) {
    std::array<char, longest> buffer{};
    for (ssize_t count = receive(socket, buffer); count >= 0 || count == -ENOBUFS; count = receive(socket, buffer)) {
        if (count < 0) {
            continue;
        }
        const auto message = std::span<const char>(buffer).first(static_cast<std::size_t>(count));
        if (what_of(message) == event_none && read_at<cn_msg>(message, sizeof(nlmsghdr)).ack == number + 1) {
            return read_at<std::uint32_t>(message, header_size + offsetof(proc_event, event_data)) == 0;
        }
    }
    return false;
}

} // namespace

Result<ProcConnector> ProcConnector::listen() {
    const int fd = sys::calls().netlink_open(NETLINK_CONNECTOR, CN_IDX_PROC);
    if (fd < 0) {
        return failure(EOPNOTSUPP, "process events", std::string("cannot listen: ") + std::strerror(-fd),
                       Reason::unsupported);
    }
    UniqueFd socket(fd);
    const auto number = static_cast<std::uint32_t>(std::random_device()());
    if (!ask(fd, std::uint32_t{PROC_CN_MCAST_LISTEN}, number) || !is_acknowledged(fd, number)) {
        return failure(EOPNOTSUPP, "process events", "the kernel does not tell of them here", Reason::unsupported);
    }
    ProcConnector connector(std::move(socket));
    // From Linux 6.6 on it tells no more than is asked for. Before, it takes no such message.
    [[maybe_unused]] const bool narrowed = ask(fd, Input{PROC_CN_MCAST_LISTEN, event_fork | event_exit}, 0);
    return connector;
}

/// Before Linux 6.6 the kernel counts who listens, and does not see them go.
ProcConnector::~ProcConnector() {
    if (socket_) {
        [[maybe_unused]] const bool told = ask(socket_.get(), std::uint32_t{PROC_CN_MCAST_IGNORE}, 0);
    }
}

ProcConnector::Read ProcConnector::read(ProcessEvent& event) {
    std::array<char, longest> buffer{};
    const ssize_t count = receive(socket_.get(), buffer);
    if (count < 0) {
        return count == -ENOBUFS ? Read::lost : Read::nothing;
    }
    const auto parsed = parse_process_event(std::span<const char>(buffer).first(static_cast<std::size_t>(count)));
    event = parsed.value_or(ProcessEvent{});
    return parsed ? Read::event : Read::other;
}

std::optional<ProcessEvent> parse_process_event(std::span<const char> message) {
    const std::optional<std::uint32_t> what = what_of(message);
    if (!what) {
        return std::nullopt;
    }
    const auto event = read_at<proc_event>(message, header_size);
    const auto time = static_cast<std::int64_t>(event.timestamp_ns);
    if (*what == event_fork) {
        const auto& fork = event.event_data.fork;
        const bool is_process = fork.child_pid == fork.child_tgid && fork.child_pid > 0;
        return is_process
                   ? std::optional(ProcessEvent{ProcessEvent::What::birth, fork.child_tgid, fork.parent_tgid, time})
                   : std::nullopt;
    }
    if (*what == event_exit) {
        const auto& exit = event.event_data.exit;
        const bool is_first = exit.process_pid == exit.process_tgid && exit.process_pid > 0;
        return is_first ? std::optional(ProcessEvent{ProcessEvent::What::exit, exit.process_tgid, 0, time})
                        : std::nullopt;
    }
    return std::nullopt;
}

} // namespace sig2pid
