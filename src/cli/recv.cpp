// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/time_text.hpp"
#include "lib/number.hpp"

#include <sig2pid/duration.hpp>
#include <sig2pid/receiver.hpp>

#include <map>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

struct Words {
    std::string count;
    std::string timeout;
    std::vector<std::string> signals;
    bool json = false;
};

struct Plan {
    SignalSet wanted;
    SignalSet enders; ///< end the command: INT and TERM, unless they are wanted
    std::optional<std::uint64_t> count;
    std::optional<nanoseconds> timeout;
    bool json = false;
};

std::optional<int> parse_words(Words& words, int argc, char** argv) {
    CLI::App app("Receive signals and print them decoded.", "sig2pid recv");
    app.add_option("--count", words.count, "end after so many")->type_name("N");
    app.add_option("--timeout", words.timeout, "end with code 124 after this time: 250ms, 10s, 2m")->type_name("DUR");
    app.add_flag("--json", words.json, "one JSON object a signal");
    app.add_option("signal", words.signals, "name or number: USR1, 10, RTMIN+3")->required()->type_name("SIGNAL...");
    app.footer("Ctrl-C ends it, unless INT is among the signals.\n\nExamples:\n  sig2pid recv USR1 USR2\n"
               "  sig2pid recv --json --count 1 --timeout 10s RTMIN+3");
    return parse_arguments(app, argc, argv);
}

Result<> plan_limits(const Words& words, Plan& plan) {
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

Result<> plan_signals(const Words& words, Plan& plan) {
    for (const std::string& word : words.signals) {
        Result<Signal> signal = Signal::parse(word);
        if (!signal) {
            return forward_error(signal);
        }
        plan.wanted.insert(*signal);
    }
    plan.enders = SignalSet::from_mask(SignalSet{Signal(SIGINT), Signal(SIGTERM)}.mask() & ~plan.wanted.mask());
    return {};
}

Result<Plan> make_plan(const Words& words) {
    Plan plan;
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
Json status_of(const ReceivedSignal& received) {
    const bool child = received.signal.number() == SIGCHLD && received.code > 0;
    return child ? Json(received.info.si_status) : Json();
}

void print_as_json(const ReceivedSignal& received) {
    print_json({{"time", time_text(std::chrono::system_clock::now())},
                {"signal", received.signal.name()},
                {"code", received.code_name()},
                {"sender", {{"pid", received.sender_pid}, {"uid", received.sender_uid}}},
                {"trusted", received.sender_trusted},
                {"kernel", received.from_kernel},
                {"value", received.value},
                {"status", status_of(received)}});
}

void print_for_a_person(const ReceivedSignal& received) {
    std::string line = received.signal.name() + " " + received.code_name();
    if (received.from_kernel && received.sender_pid == 0) {
        line += " from the kernel";
    } else {
        line += " from PID " + std::to_string(received.sender_pid) + " UID " + std::to_string(received.sender_uid);
        line += received.sender_trusted ? "" : " (as the sender says)";
    }
    line += " value " + std::to_string(received.value);
    const Json status = status_of(received);
    print_line(status.is_null() ? line : line + " status " + status.dump());
}

using Tally = std::map<Signal, std::uint64_t>;

void summarize(const Tally& tally) {
    std::uint64_t total = 0;
    std::string parts;
    for (const auto& [signal, count] : tally) {
        total += count;
        parts += (parts.empty() ? ": " : ", ") + signal.name() + " " + std::to_string(count);
    }
    remark("received " + std::to_string(total) + parts);
}

/// What is left of the timeout; none when there is none.
std::optional<nanoseconds> time_left(const Plan& plan, Clock::time_point start) {
    if (!plan.timeout) {
        return std::nullopt;
    }
    return std::max(nanoseconds::zero(), nanoseconds(*plan.timeout - (Clock::now() - start)));
}

/// Receives until the count, the timeout or an ender.
int receive_all(const Plan& plan, Receiver& receiver, Tally& tally) {
    const Clock::time_point start = Clock::now();
    for (std::uint64_t received = 0; !plan.count || received < *plan.count; ++received) {
        const Result<std::optional<ReceivedSignal>> next = receiver.receive(time_left(plan, start));
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
        ++tally[(*next)->signal];
        plan.json ? print_as_json(**next) : print_for_a_person(**next);
    }
    return exit_done;
}

int receive_by(const Plan& plan) {
    Result<Receiver> receiver = Receiver::make(SignalSet::from_mask(plan.wanted.mask() | plan.enders.mask()));
    if (!receiver) {
        report("recv", receiver.error());
        return exit_code_of(receiver.error());
    }
    // One more than was counted may be pending, and would kill the program between its work and its end.
    receiver->leave_blocked();
    remark("ready: receiving " + names_of(plan.wanted) + " as PID " + std::to_string(::getpid()));
    Tally tally;
    const int code = receive_all(plan, *receiver, tally);
    summarize(tally);
    return code;
}

} // namespace

int recv_command(int argc, char** argv) {
    Words words;
    if (const std::optional<int> code = parse_words(words, argc, argv)) {
        return *code;
    }
    const Result<Plan> plan = make_plan(words);
    if (!plan) {
        report("recv", plan.error());
        return exit_code_of(plan.error());
    }
    return receive_by(*plan);
}

} // namespace sig2pid::cli
