// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/receiver.hpp>
#include <sig2pid/unique_fd.hpp>

#include <cstdint>
#include <gtest/gtest.h>
#include <linux/sig2pid.h>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace sig2pid::vm {

constexpr uid_t alice = 1000; ///< whom the tests become

/// What kill(2) says. \return 0 or an errno.
int error_of_kill(pid_t pid, int signal);

/// Loads /modules/NAME.ko. \return 0 or an errno.
int load(const std::string& name, const std::string& parameters = "");

/// Does not wait for users of the module. \return 0 or an errno; EWOULDBLOCK: in use.
int unload(const std::string& name);

/// A module for as long as this lives.
class Loaded {
public:
    explicit Loaded(std::string name, const std::string& parameters = "");
    ~Loaded();
    Loaded(const Loaded&) = delete;
    Loaded& operator=(const Loaded&) = delete;

private:
    std::string name_;
};

/// /proc/sig2pid, opened for writing by this process with the credentials it has now.
UniqueFd open_requests();

/// What write(2) returned and, where that is -1, errno.
struct Written {
    ssize_t bytes = -1;
    int error = 0;
};
Written write_to(int fd, std::string_view text);

/// Opens, writes, closes. \return 0 or an errno; EIO where not all of it was taken.
int request(std::string_view text);
int request(pid_t pid, int signal);
int request(pid_t pid, int signal, std::int64_t value);

/// The numbers of /proc/sig2pid, by name: "sent", "EPERM"...
std::map<std::string, std::uint64_t> counters();

/// A descriptor of /dev/sig2pid.
UniqueFd open_device(int flags = 0);

/// \return 0 or an errno.
int subscribe(int fd, std::string_view channel, unsigned signal, unsigned flags = 0);
sig2pid_status status_of(int fd);

/// The records that are there now; fd was opened with O_NONBLOCK.
std::vector<sig2pid_event> read_events(int fd);

/// Has the irq_work sample raise its channel in hard interrupt context. \return 0 or an errno.
int raise(std::int64_t value);

/// The next signal, within ten seconds.
ReceivedSignal next(Receiver& receiver);

/// Whether no signal of the receiver's is pending.
bool is_quiet(Receiver& receiver);

/// Waits until something can be read from `fd`, or its other end is closed. \return false after ten seconds.
bool await_input(int fd);

constexpr int realtime = 40;

/// Tests of the loaded module; all may write to /proc/sig2pid and subscribe.
class Module : public testing::Test {
protected:
    Module();
    Loaded module_{"sig2pid", "mode=0222"};
    Receiver receiver_;
};

} // namespace sig2pid::vm
