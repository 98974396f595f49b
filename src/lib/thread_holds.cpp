// SPDX-License-Identifier: BSD-2-Clause
// Which threads keep a signal from its default action, by their mask or by waiting for it.
#include "lib/number.hpp"
#include "lib/proc.hpp"
#include "lib/syscalls.hpp"
#include "lib/threads.hpp"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

namespace sig2pid {
namespace {

/// Eight bytes of the thread's memory: the set that it gave to sigwait. Nothing when we may not read it.
std::optional<SignalSet> read_set(int thread_dir, std::uint64_t address) {
    const UniqueFd memory(sys::calls().openat(thread_dir, "mem", O_RDONLY));
    std::array<char, sizeof(std::uint64_t)> bytes{};
    if (!memory || sys::calls().pread(memory.get(), bytes, static_cast<off_t>(address)) != std::ssize(bytes)) {
        return std::nullopt;
    }
    std::uint64_t mask = 0;
    std::memcpy(&mask, bytes.data(), sizeof mask);
    return SignalSet::from_mask(mask);
}

enum class Waiting { yes, no, unknown };

/// Whether the thread sleeps in rt_sigtimedwait(2) for the signal; unknown while it runs. The kernel keeps the mask to
/// restore in real_blocked, which /proc does not show.
Waiting waits_for(int thread_dir, Signal signal) {
    const Result<std::string> text = proc::read_file(thread_dir, "syscall");
    if (!text) {
        const Result<std::string> where = proc::read_file(thread_dir, "wchan");
        return where && where->find("sigtimedwait") != std::string::npos ? Waiting::yes : Waiting::no;
    }
    const std::optional<proc::SleepingCall> call = proc::parse_syscall(*text);
    if (!call) {
        return Waiting::unknown;
    }
    if (call->number != SYS_rt_sigtimedwait) {
        return Waiting::no;
    }
    const std::optional<SignalSet> set = read_set(thread_dir, call->first_argument);
    return !set || set->contains(signal) ? Waiting::yes : Waiting::no;
}

/// Whether the mask of the thread has the signal now. One that has just ended takes nothing: true.
bool blocks(int thread_dir, Signal signal) {
    const Result<std::string> text = proc::read_file(thread_dir, "status");
    if (!text) {
        return true;
    }
    const Result<proc::Status> status = proc::parse_status(*text);
    return !status || status->signals.blocked.contains(signal);
}

/// A thread that is just leaving sigwait shows neither the mask nor the wait until it runs again, and one look may fall
/// between two states: what runs is looked at again, a few times.
bool holds(int thread_dir, Signal signal) {
    constexpr int looks = 16;
    for (int i = 0; i < looks; ++i) {
        if (blocks(thread_dir, signal)) {
            return true;
        }
        const Waiting waiting = waits_for(thread_dir, signal);
        if (waiting != Waiting::unknown) {
            return waiting == Waiting::yes || blocks(thread_dir, signal);
        }
        ::sched_yield();
    }
    return false;
}

} // namespace

bool main_thread_holds(const Process& process, const SignalStatus& status, Signal signal) {
    if (status.blocked.contains(signal) || status.caught.contains(signal)) {
        return status.blocked.contains(signal);
    }
    // "." is /proc/PID itself, whose files are the main thread's.
    const Result<UniqueFd> directory = proc::open_file(process, ".", O_PATH | O_DIRECTORY);
    return directory && holds(directory->get(), signal);
}

Result<bool> every_thread_holds(const Process& process, const SignalStatus& status, Signal signal) {
    if (!main_thread_holds(process, status, signal)) {
        return false;
    }
    return status.threads <= 1 ? Result<bool>(true)
                               : every_thread(process, [&](int thread_dir) { return holds(thread_dir, signal); });
}

} // namespace sig2pid
