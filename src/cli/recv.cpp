// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/enders.hpp"
#include "cli/json.hpp"
#include "cli/line_writer.hpp"
#include "cli/output.hpp"
#include "cli/time_text.hpp"
#include "lib/number.hpp"

#include <sig2pid/duration.hpp>
#include <sig2pid/receiver.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

struct RecvWords {
    std::string count;
    std::string timeout;
    std::vector<std::string> signals;
    bool json = false;
};

struct RecvPlan {
    SignalSet wanted;
    SignalSet enders; ///< end the command: INT, TERM and HUP, unless they are wanted
    std::optional<std::uint64_t> count;
    std::optional<nanoseconds> timeout;
    bool json = false;
};

std::optional<int> parse_words(RecvWords& words, int argc, char** argv) {
    Arguments arguments("sig2pid recv", "Receive signals and print them decoded.");
    arguments.value("--count", words.count, "N", "end after so many");
    arguments.value("--timeout", words.timeout, "DUR", "end with code 124 after this time: 250ms, 10s, 2m");
    arguments.flag("--json", words.json, "one JSON object a signal");
    arguments.operands("signal", words.signals, "SIGNAL...", "name or number: USR1, 10, RTMIN+3");
    arguments.footer("Ctrl-C ends it, unless INT is among the signals.\n\nExamples:\n  sig2pid recv USR1 USR2\n"
                     "  sig2pid recv --json --count 1 --timeout 10s RTMIN+3");
    return arguments.parse(argc, argv);
}

Result<> plan_limits(const RecvWords& words, RecvPlan& plan) {
    plan.json = words.json;
    if (!words.count.empty()) {
        plan.count = parse_number<std::uint64_t>(words.count);
        if (plan.count.value_or(0) == 0) {
            return failure(EINVAL, "parse count", "count '" + words.count + "' is not a number from 1 up",
                           Reason::bad_input);
        }
    }
    if (!words.timeout.empty()) {
        Result<nanoseconds> timeout = parse_duration(words.timeout);
        if (!timeout) {
            return forward_error(timeout);
        }
        plan.timeout = *timeout;
    }
    return {};
}

Result<> plan_signals(const RecvWords& words, RecvPlan& plan) {
    for (const std::string& word : words.signals) {
        Result<Signal> signal = Signal::parse(word);
        if (!signal) {
            return forward_error(signal);
        }
        plan.wanted.insert(*signal);
    }
    const SignalSet enders = heeded({Signal(SIGINT), Signal(SIGTERM), Signal(SIGHUP)});
    plan.enders = SignalSet::from_mask(enders.mask() & ~plan.wanted.mask());
    return {};
}

Result<RecvPlan> make_plan(const RecvWords& words) {
    RecvPlan plan;
    if (Result<> planned = plan_limits(words, plan); !planned) {
        return forward_error(planned);
    }
    if (Result<> planned = plan_signals(words, plan); !planned) {
        return forward_error(planned);
    }
    return plan;
}

std::string names_of(SignalSet signals) {
    std::string names;
    for (int number = Signal::min; number <= Signal::max; ++number) {
        if (signals.contains(Signal(number))) {
            names += (names.empty() ? "" : " ") + Signal(number).name();
        }
    }
    return names;
}

/// A child's status, when it is what the signal tells.
std::optional<int> status_of(const ReceivedSignal& received) {
    const bool child = received.signal.number() == SIGCHLD && received.code > 0;
    return child ? std::optional(received.info.si_status) : std::nullopt;
}

std::string json_line(const ReceivedSignal& received) {
    return line_of({{"time", time_text(std::chrono::system_clock::now())},
                    {"signal", received.signal.name()},
                    {"code", received.code_name()},
                    {"sender", {{"pid", received.sender_pid}, {"uid", received.sender_uid}}},
                    {"trusted", received.sender_trusted},
                    {"kernel", received.from_kernel},
                    {"value", received.value},
                    {"status", status_of(received)}});
}

std::string text_line(const ReceivedSignal& received) {
    std::string line = received.signal.name() + " " + received.code_name();
    if (received.from_kernel && received.sender_pid == 0) {
        line += " from the kernel";
    } else {
        line += " from PID " + std::to_string(received.sender_pid) + " UID " + std::to_string(received.sender_uid);
        line += received.sender_trusted ? "" : " (as the sender says)";
    }
    line += " value " + std::to_string(received.value);
    const std::optional<int> status = status_of(received);
    return status ? line + " status " + std::to_string(*status) : line;
}

using Tally = std::map<Signal, std::uint64_t>;

std::string summary_of(const Tally& tally) {
    std::uint64_t total = 0;
    std::string parts;
    for (const auto& [signal, count] : tally) {
        total += count;
        parts += (parts.empty() ? ": " : ", ") + signal.name() + " " + std::to_string(count);
    }
    return "received " + std::to_string(total) + parts;
}

/// On standard error, unless that has no reader either: then it must not keep the command from ending.
int conclude(int code, const Tally& tally, const LineWriter& lines) {
    const std::string unshown = lines.dropped() > 0 ? "; " + std::to_string(lines.dropped()) + " not shown" : "";
    const bool told = can_write(STDERR_FILENO, std::chrono::milliseconds(500));
    if (told) {
        remark(summary_of(tally) + unshown);
    }
    if (told && lines.error() != 0) {
        report("recv", std::string("cannot write to standard output: ") + std::strerror(lines.error()));
    }
    return lines.error() == 0 ? code : exit_system;
}

/// What is left of the timeout; none when there is none.
std::optional<nanoseconds> time_left(const RecvPlan& plan, Clock::time_point start) {
    if (!plan.timeout) {
        return std::nullopt;
    }
    return std::max(nanoseconds::zero(), nanoseconds(*plan.timeout - (Clock::now() - start)));
}

struct Work {
    const RecvPlan& plan;
    Receiver& receiver;
    int enders_fd; ///< readable when an ender is pending; -1 when there is none
    LineWriter lines;
    Tally tally;
};

/// Counts it, and waits for a slow reader, but not beyond the timeout, or when the command is to end.
void take(Work& work, const ReceivedSignal& received, Clock::time_point start) {
    ++work.tally[received.signal];
    work.lines.put(work.plan.json ? json_line(received) : text_line(received));
    work.lines.finish(work.enders_fd, time_left(work.plan, start));
}

/// Receives until the count, the timeout, an ender, or until nobody reads any more.
int receive_all(Work& work) {
    const RecvPlan& plan = work.plan;
    const Clock::time_point start = Clock::now();
    for (std::uint64_t received = 0; !plan.count || received < *plan.count; ++received) {
        const Result<std::optional<ReceivedSignal>> next = work.receiver.receive(time_left(plan, start));
        if (!next) {
            report("recv", next.error());
            return exit_system;
        }
        if (!*next) {
            return exit_timed_out;
        }
        if (plan.enders.contains((*next)->signal)) {
            return exit_done;
        }
        take(work, **next, start);
        if (work.lines.error() == EPIPE) {
            return exit_system;
        }
    }
    return exit_done;
}

int receive_by(const RecvPlan& plan) {
    const Result<Enders> enders = Enders::hold(plan.enders);
    if (!enders) {
        return fail("recv", enders.error());
    }
    Result<Receiver> receiver = Receiver::make(SignalSet::from_mask(plan.wanted.mask() | plan.enders.mask()));
    if (!receiver) {
        return fail("recv", receiver.error());
    }
    // One more than was counted may be pending, and would kill the program between its work and its end.
    receiver->leave_blocked();
    Work work{plan, *receiver, enders->fd(), {}, {}};
    remark("ready: receiving " + names_of(plan.wanted) + " as PID " + std::to_string(::getpid()));
    const int code = receive_all(work);
    return conclude(code, work.tally, work.lines);
}

} // namespace

int recv_command(int argc, char** argv) {
    RecvWords words;
    if (const std::optional<int> code = parse_words(words, argc, argv)) {
        return *code;
    }
    outlive_readers();
    const Result<RecvPlan> plan = make_plan(words);
    return plan ? receive_by(*plan) : fail("recv", plan.error());
}

} // namespace sig2pid::cli
