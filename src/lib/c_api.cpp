// SPDX-License-Identifier: BSD-2-Clause
// The C header over the C++ library: handles, negated errno values, and no exception across the border.
#include <sig2pid/deliver.hpp>
#include <sig2pid/receiver.hpp>
#include <sig2pid/send.hpp>
#include <sig2pid/sig2pid.h>
#include <sig2pid/target.hpp>
#include <sig2pid/wait.hpp>

#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <new>

struct sig2pid_process {
    sig2pid::Process process;
};

struct sig2pid_receiver {
    sig2pid::Receiver receiver;
};

namespace sig2pid {
namespace {

std::string& last_message() {
    thread_local std::string message;
    return message;
}

/// Keeps the message of an error and gives its code. Only memory can be missing for that: then there is no message.
int failed(const Error& error) noexcept {
    try {
        last_message() = error.message();
    } catch (...) {
        last_message().clear();
    }
    return -error.code;
}

/// Calls `body`, whose exceptions (of missing memory) become an errno.
template <typename Body> int guarded(Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    } catch (...) {
        return -EIO;
    }
}

int give(Result<Process> process, sig2pid_process** out) {
    if (!process) {
        return failed(process.error());
    }
    *out = std::make_unique<sig2pid_process>(sig2pid_process{std::move(*process)}).release();
    return 0;
}

int code_of(const Result<>& result) {
    return result ? 0 : failed(result.error());
}

std::optional<std::chrono::nanoseconds> timeout_of(std::int64_t nanoseconds) {
    return nanoseconds < 0 ? std::nullopt : std::optional(std::chrono::nanoseconds(nanoseconds));
}

int verdict_of(Verdict verdict) {
    switch (verdict) {
    case Verdict::coalesced:
        return SIG2PID_COALESCED;
    case Verdict::ignored:
        return SIG2PID_IGNORED;
    case Verdict::overflow:
        return SIG2PID_OVERFLOW;
    case Verdict::gone:
        return SIG2PID_GONE;
    case Verdict::denied:
        return SIG2PID_DENIED;
    case Verdict::zombie:
        return SIG2PID_ZOMBIE;
    case Verdict::delivered:
    case Verdict::unhandled: // both only where a policy or a rule refuses, which nothing here asks for
    case Verdict::limited:
        break;
    }
    return SIG2PID_DELIVERED;
}

int deliver_signal(const Process& process, int number, const std::uint64_t* value, int* blocked) {
    const Result<Signal> signal = Signal::from_number(number);
    if (!signal) {
        return failed(signal.error());
    }
    SendOptions options;
    if (value != nullptr) {
        options.payload = Payload{*value};
    }
    const Result<Delivery> delivery = deliver(process, *signal, options);
    if (!delivery) {
        return failed(delivery.error());
    }
    if (delivery->error) {
        failed(*delivery->error);
    }
    if (blocked != nullptr) {
        *blocked = delivery->blocked ? 1 : 0;
    }
    return verdict_of(delivery->verdict);
}

int wait_for(const Process& process, const WaitOptions& options, sig2pid_exit* how) {
    const Result<WaitResult> result = wait_all({&process, 1}, options);
    if (!result) {
        return failed(result.error());
    }
    if (result->end == WaitEnd::cancelled) {
        return failed(Error{ECANCELED, "sig2pid_wait", "the wait was cancelled", Reason::cancelled, 0});
    }
    if (result->exits.empty()) {
        return 0;
    }
    if (how != nullptr) {
        const ExitStatus& status = result->exits.front().status;
        *how = {status.code.value_or(-1), status.signal ? status.signal->number() : -1, status.core ? 1 : 0};
    }
    return 1;
}

Result<SignalSet> set_of(std::span<const int> numbers) {
    SignalSet set;
    for (const int number : numbers) {
        Result<Signal> signal = Signal::from_number(number);
        if (!signal) {
            return forward_error(signal);
        }
        set.insert(*signal);
    }
    return set;
}

int open_receiver(std::span<const int> numbers, sig2pid_receiver** out) {
    const Result<SignalSet> signals = set_of(numbers);
    if (!signals) {
        return failed(signals.error());
    }
    Result<Receiver> receiver = Receiver::make(*signals);
    if (!receiver) {
        return failed(receiver.error());
    }
    *out = std::make_unique<sig2pid_receiver>(sig2pid_receiver{std::move(*receiver)}).release();
    return 0;
}

int receive_signal(Receiver& receiver, std::int64_t timeout, sig2pid_signal& out) {
    const Result<std::optional<ReceivedSignal>> received = receiver.receive(timeout_of(timeout));
    if (!received) {
        return failed(received.error());
    }
    if (!*received) {
        return 0;
    }
    const ReceivedSignal& signal = **received;
    out = {signal.signal.number(),     signal.code, signal.sender_pid, signal.sender_uid, signal.sender_trusted ? 1 : 0,
           signal.from_kernel ? 1 : 0, signal.value};
    return 1;
}

int write_token(const Process& process, std::span<char> buffer) {
    const std::string text = process.token().to_string();
    if (text.size() >= buffer.size()) {
        return failed(Error{ERANGE, "sig2pid_token", "the buffer is too small for the token", Reason::bad_input, 0});
    }
    std::memcpy(buffer.data(), text.c_str(), text.size() + 1);
    return static_cast<int>(text.size());
}

} // namespace
} // namespace sig2pid

using namespace sig2pid;

const char* sig2pid_message(void) {
    return last_message().c_str();
}

int sig2pid_open(pid_t pid, sig2pid_process** process) {
    return guarded([&] { return give(Process::open(pid), process); });
}

int sig2pid_open_target(const char* target, sig2pid_process** process) {
    return guarded([&] {
        const Result<Target> parsed = Target::parse(target);
        return parsed ? give(resolve(*parsed), process) : failed(parsed.error());
    });
}

int sig2pid_open_fd(int pidfd, sig2pid_process** process) {
    return guarded([&] { return give(Process::from_fd(pidfd), process); });
}

void sig2pid_close(sig2pid_process* process) {
    const std::unique_ptr<sig2pid_process> owner(process);
}

int sig2pid_fd(const sig2pid_process* process) {
    return process->process.fd();
}

pid_t sig2pid_pid(const sig2pid_process* process) {
    return process->process.pid();
}

int sig2pid_token(const sig2pid_process* process, char* buffer, size_t size) {
    return guarded([&] { return write_token(process->process, {buffer, size}); });
}

int sig2pid_send(const sig2pid_process* process, int signal) {
    return guarded([&] {
        if (signal == 0) {
            return code_of(probe(process->process));
        }
        const Result<Signal> number = Signal::from_number(signal);
        return number ? code_of(send(process->process, *number)) : failed(number.error());
    });
}

int sig2pid_queue(const sig2pid_process* process, int signal, uint64_t value) {
    return guarded([&] {
        const Result<Signal> number = Signal::from_number(signal);
        return number ? code_of(queue(process->process, *number, Payload{value})) : failed(number.error());
    });
}

int sig2pid_deliver(const sig2pid_process* process, int signal, const uint64_t* value, int* blocked) {
    return guarded([&] { return deliver_signal(process->process, signal, value, blocked); });
}

int sig2pid_wait(const sig2pid_process* process, int64_t timeout_ns, int cancel_fd, struct sig2pid_exit* how) {
    return guarded(
        [&] { return wait_for(process->process, {deadline_after(timeout_of(timeout_ns)), cancel_fd, nullptr}, how); });
}

int sig2pid_receiver_open(const int* signals, size_t count, sig2pid_receiver** receiver) {
    return guarded([&] { return open_receiver({signals, count}, receiver); });
}

int sig2pid_receive(sig2pid_receiver* receiver, int64_t timeout_ns, struct sig2pid_signal* signal) {
    return guarded([&] { return receive_signal(receiver->receiver, timeout_ns, *signal); });
}

int sig2pid_receiver_fd(const sig2pid_receiver* receiver) {
    return receiver->receiver.fd();
}

void sig2pid_receiver_close(sig2pid_receiver* receiver) {
    const std::unique_ptr<sig2pid_receiver> owner(receiver);
}
