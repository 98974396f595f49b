// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/signal.hpp>

#include "lib/nearest.hpp"
#include "lib/number.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <stdexcept>

namespace sig2pid {
namespace {

struct Entry {
    std::string_view name;
    int number;
    DefaultAction action;
};

/// The first entry of a number is its name; those after it are aliases.
constexpr std::array entries = {
    Entry{"HUP", SIGHUP, DefaultAction::terminate},
    Entry{"INT", SIGINT, DefaultAction::terminate},
    Entry{"QUIT", SIGQUIT, DefaultAction::core},
    Entry{"ILL", SIGILL, DefaultAction::core},
    Entry{"TRAP", SIGTRAP, DefaultAction::core},
    Entry{"ABRT", SIGABRT, DefaultAction::core},
    Entry{"IOT", SIGABRT, DefaultAction::core},
    Entry{"BUS", SIGBUS, DefaultAction::core},
    Entry{"FPE", SIGFPE, DefaultAction::core},
    Entry{"KILL", SIGKILL, DefaultAction::terminate},
    Entry{"USR1", SIGUSR1, DefaultAction::terminate},
    Entry{"SEGV", SIGSEGV, DefaultAction::core},
    Entry{"USR2", SIGUSR2, DefaultAction::terminate},
    Entry{"PIPE", SIGPIPE, DefaultAction::terminate},
    Entry{"ALRM", SIGALRM, DefaultAction::terminate},
    Entry{"TERM", SIGTERM, DefaultAction::terminate},
#ifdef SIGSTKFLT
    Entry{"STKFLT", SIGSTKFLT, DefaultAction::terminate},
#endif
    Entry{"CHLD", SIGCHLD, DefaultAction::ignore},
    Entry{"CLD", SIGCHLD, DefaultAction::ignore},
    Entry{"CONT", SIGCONT, DefaultAction::cont},
    Entry{"STOP", SIGSTOP, DefaultAction::stop},
    Entry{"TSTP", SIGTSTP, DefaultAction::stop},
    Entry{"TTIN", SIGTTIN, DefaultAction::stop},
    Entry{"TTOU", SIGTTOU, DefaultAction::stop},
    Entry{"URG", SIGURG, DefaultAction::ignore},
    Entry{"XCPU", SIGXCPU, DefaultAction::core},
    Entry{"XFSZ", SIGXFSZ, DefaultAction::core},
    Entry{"VTALRM", SIGVTALRM, DefaultAction::terminate},
    Entry{"PROF", SIGPROF, DefaultAction::terminate},
    Entry{"WINCH", SIGWINCH, DefaultAction::ignore},
    Entry{"IO", SIGIO, DefaultAction::terminate},
    Entry{"POLL", SIGIO, DefaultAction::terminate},
    Entry{"PWR", SIGPWR, DefaultAction::terminate},
    Entry{"SYS", SIGSYS, DefaultAction::core},
};

const Entry* find_entry(int number) noexcept {
    for (const Entry& entry : entries) {
        if (entry.number == number) {
            return &entry;
        }
    }
    return nullptr;
}

/// No signal name or number is longer; what is, is not worth reading.
constexpr std::size_t longest_name = 16;

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& letter : result) {
        if (letter >= 'a' && letter <= 'z') {
            letter = static_cast<char>(letter - 'a' + 'A');
        }
    }
    return result;
}

/// The number of "RTMIN", "RTMIN+n", "RTMAX" or "RTMAX-n"; nothing when it is none of these or out of range.
std::optional<int> realtime_number(std::string_view name) {
    const bool from_min = name.starts_with("RTMIN");
    if (!from_min && !name.starts_with("RTMAX")) {
        return std::nullopt;
    }
    const std::string_view offset = name.substr(5);
    if (offset.empty()) {
        return from_min ? SIGRTMIN : SIGRTMAX;
    }
    const std::optional<unsigned> distance = parse_number<unsigned>(offset.substr(1));
    const auto span = static_cast<unsigned>(SIGRTMAX - SIGRTMIN);
    if (offset.front() != (from_min ? '+' : '-') || !distance || *distance > span) {
        return std::nullopt;
    }
    const int steps = static_cast<int>(*distance);
    return from_min ? SIGRTMIN + steps : SIGRTMAX - steps;
}

std::optional<int> named_number(std::string_view name) {
    for (const Entry& entry : entries) {
        if (entry.name == name) {
            return entry.number;
        }
    }
    return realtime_number(name);
}

std::unexpected<Error> unknown_signal(std::string_view text, std::string_view name) {
    std::array<std::string_view, entries.size() + 2> names{"RTMIN", "RTMAX"};
    for (std::size_t i = 0; i < entries.size(); ++i) {
        names[i + 2] = entries[i].name;
    }
    std::string context = "unknown signal '" + std::string(text.substr(0, 2 * longest_name)) + "'";
    const std::string_view meant = nearest(name, names);
    context += meant.empty() ? "; 'sig2pid signals' lists them" : "; did you mean " + std::string(meant) + "?";
    return std::unexpected(Error{EINVAL, "parse signal", std::move(context), Reason::invalid_signal, 1});
}

} // namespace

std::string_view to_string(DefaultAction action) noexcept {
    switch (action) {
    case DefaultAction::terminate:
        return "terminate";
    case DefaultAction::core:
        return "core";
    case DefaultAction::stop:
        return "stop";
    case DefaultAction::cont:
        return "continue";
    case DefaultAction::ignore:
        return "ignore";
    }
    return "unknown";
}

Signal::Signal(int number) : number_(number) {
    if (number < min || number > max) {
        throw std::out_of_range("signal number outside 1 to 64");
    }
}

Result<Signal> Signal::from_number(int number) {
    if (number < min || number > max) {
        return failure(EINVAL, "signal", "no signal has the number " + std::to_string(number) + ": they are 1 to 64",
                       Reason::invalid_signal);
    }
    return Signal(Unchecked{}, number);
}

Result<Signal> Signal::parse(std::string_view text) {
    const std::string name = upper(text.substr(0, longest_name + 1));
    std::string_view bare = name;
    if (bare.starts_with("SIG")) {
        bare.remove_prefix(3);
    }
    if (const std::optional<int> number = parse_number<int>(bare); number && *number >= 0) {
        Result<Signal> signal = from_number(*number);
        if (!signal) {
            signal.error().column = 1;
        }
        return signal;
    }
    if (const std::optional<int> number = named_number(bare)) {
        return Signal(Unchecked{}, *number);
    }
    return unknown_signal(text, bare);
}

std::string Signal::name() const {
    if (const Entry* entry = find_entry(number_)) {
        return "SIG" + std::string(entry->name);
    }
    if (number_ < SIGRTMIN) {
        return "SIG" + std::to_string(number_);
    }
    // The nearer end names it, as kill -l does.
    const int above_min = number_ - SIGRTMIN;
    const int below_max = SIGRTMAX - number_;
    if (above_min <= below_max) {
        return above_min == 0 ? "SIGRTMIN" : "SIGRTMIN+" + std::to_string(above_min);
    }
    return below_max == 0 ? "SIGRTMAX" : "SIGRTMAX-" + std::to_string(below_max);
}

DefaultAction Signal::default_action() const noexcept {
    const Entry* entry = find_entry(number_);
    return entry != nullptr ? entry->action : DefaultAction::terminate;
}

bool Signal::is_reserved_by_libc() const noexcept {
    return is_realtime() && number_ < SIGRTMIN;
}

SignalSet::SignalSet(std::initializer_list<Signal> signals) noexcept {
    for (const Signal signal : signals) {
        insert(signal);
    }
}

SignalSet SignalSet::from_mask(std::uint64_t mask) noexcept {
    SignalSet set;
    set.mask_ = mask;
    return set;
}

sigset_t SignalSet::to_sigset() const noexcept {
    sigset_t set;
    sigemptyset(&set);
    static_assert(sizeof set >= sizeof mask_);
    std::memcpy(&set, &mask_, sizeof mask_);
    return set;
}

} // namespace sig2pid
