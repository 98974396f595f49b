// SPDX-License-Identifier: BSD-2-Clause
// Parsers of /proc text. A process chooses its own name, and so a part of what is read here.
#include "lib/number.hpp"
#include "lib/proc.hpp"
#include "lib/words.hpp"

#include <array>
#include <cerrno>

namespace sig2pid::proc {
namespace {

std::unexpected<Error> malformed(std::string_view what) {
    return failure(EBADMSG, "parse /proc", "unexpected text in /proc: " + std::string(what));
}

template <typename Integer> bool take_number(std::string_view& text, Integer& out, int base = 10) {
    const std::optional<Integer> number = parse_number<Integer>(take_word(text), base);
    if (number) {
        out = *number;
    }
    return number.has_value();
}

bool read_mask(std::string_view value, SignalSet& out) {
    std::uint64_t mask = 0;
    if (!take_number(value, mask, 16)) {
        return false;
    }
    out = SignalSet::from_mask(mask);
    return true;
}

bool read_queue(std::string_view value, SignalStatus& out) {
    const std::string_view word = take_word(value);
    const std::size_t slash = word.find('/');
    if (slash == std::string_view::npos) {
        return false;
    }
    const auto queued = parse_number<std::uint64_t>(word.substr(0, slash));
    const auto limit = parse_number<std::uint64_t>(word.substr(slash + 1));
    out.queued = queued.value_or(0);
    out.queue_limit = limit.value_or(0);
    return queued && limit;
}

/// NSpid: the process's number in each namespace, from that of the /proc read down to its own.
bool read_namespaces(std::string_view value, SignalStatus& out) {
    pid_t pid = 0;
    int depth = 0;
    while (value.find_first_not_of(" \t") != std::string_view::npos) {
        if (!take_number(value, pid)) {
            return false;
        }
        ++depth;
    }
    out.is_namespace_init = pid == 1;
    out.is_below_us = depth > 1;
    return depth > 0;
}

bool read_state(std::string_view value, SignalStatus& out) {
    const std::string_view word = take_word(value);
    out.state = word.size() == 1 ? word.front() : '?';
    return word.size() == 1;
}

bool read_uids(std::string_view value, SignalStatus& out) {
    return take_number(value, out.real_uid) && take_number(value, out.effective_uid) &&
           take_number(value, out.saved_uid);
}

struct Field {
    std::string_view key;
    bool (*read)(std::string_view value, Status& out);
};

/// In the kernel's order (fs/proc/array.c, unchanged since NSpid came with 4.1): one pass finds them all.
constexpr std::array fields = {
    Field{"State", [](std::string_view value, Status& out) { return read_state(value, out.signals); }},
    Field{"Tgid", [](std::string_view value, Status& out) { return take_number(value, out.tgid); }},
    Field{"Pid", [](std::string_view value, Status& out) { return take_number(value, out.pid); }},
    Field{"PPid", [](std::string_view value, Status& out) { return take_number(value, out.parent); }},
    Field{"Uid", [](std::string_view value, Status& out) { return read_uids(value, out.signals); }},
    Field{"NSpid", [](std::string_view value, Status& out) { return read_namespaces(value, out.signals); }},
    Field{"Threads", [](std::string_view value, Status& out) { return take_number(value, out.signals.threads); }},
    Field{"SigQ", [](std::string_view value, Status& out) { return read_queue(value, out.signals); }},
    Field{"SigPnd", [](std::string_view value, Status& out) { return read_mask(value, out.signals.thread_pending); }},
    Field{"ShdPnd", [](std::string_view value, Status& out) { return read_mask(value, out.signals.shared_pending); }},
    Field{"SigBlk", [](std::string_view value, Status& out) { return read_mask(value, out.signals.blocked); }},
    Field{"SigIgn", [](std::string_view value, Status& out) { return read_mask(value, out.signals.ignored); }},
    Field{"SigCgt", [](std::string_view value, Status& out) { return read_mask(value, out.signals.caught); }},
};

/// Finds the line of `key` in what is left of `text` and cuts it and all before it off.
std::optional<std::string_view> take_field(std::string_view& text, std::string_view key) {
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ':') {
            return line.substr(key.size() + 1);
        }
    }
    return std::nullopt;
}

void skip_words(std::string_view& text, int count) {
    for (int i = 0; i < count; ++i) {
        take_word(text);
    }
}

/// Fields 4 to 22 of proc_pid_stat(5).
bool read_after_state(std::string_view text, Stat& out) {
    bool good = take_number(text, out.parent) && take_number(text, out.group) && take_number(text, out.session) &&
                take_number(text, out.tty);
    skip_words(text, 1); // tpgid
    good = good && take_number(text, out.flags);
    skip_words(text, 10); // minflt to nice
    good = good && take_number(text, out.threads);
    skip_words(text, 1); // itrealvalue
    return good && take_number(text, out.start_time);
}

} // namespace

Result<Stat> parse_stat(std::string_view text) {
    const std::size_t open = text.find(" (");
    const std::size_t close = text.rfind(") ");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
        return malformed("stat without a name");
    }
    Stat stat;
    stat.comm = text.substr(open + 2, close - open - 2);
    std::string_view rest = text.substr(close + 2);
    const std::optional<pid_t> pid = parse_number<pid_t>(text.substr(0, open));
    const std::string_view state = take_word(rest);
    if (!pid || state.size() != 1 || !read_after_state(rest, stat)) {
        return malformed("stat");
    }
    stat.pid = *pid;
    stat.state = state.front();
    return stat;
}

std::optional<int> parse_exit_code(std::string_view text) noexcept {
    const std::size_t close = text.rfind(") ");
    if (close == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view rest = text.substr(close + 2);
    constexpr int fields_between = 49; // state is field 3, exit_code 52 (Linux 3.5)
    for (int i = 0; i < fields_between; ++i) {
        take_word(rest);
    }
    int code = 0;
    return take_number(rest, code) ? std::optional(code) : std::nullopt;
}

Result<Status> parse_status(std::string_view text) {
    Status status;
    for (const Field& field : fields) {
        const std::optional<std::string_view> value = take_field(text, field.key);
        if (!value || !field.read(*value, status)) {
            return malformed(std::string(field.key) + " in status");
        }
    }
    return status;
}

Result<FdInfo> parse_fdinfo(std::string_view text) {
    FdInfo info;
    std::optional<std::string_view> value = take_field(text, "Pid");
    if (!value || !take_number(*value, info.pid)) {
        return failure(EBADF, "fdinfo", "the descriptor is not a pidfd", Reason::not_a_pidfd);
    }
    std::string_view numbers = take_field(text, "NSpid").value_or(std::string_view());
    while (!take_word(numbers).empty()) {
        ++info.depth;
    }
    return info;
}

std::optional<std::uint32_t> parse_boot_id(std::string_view text) noexcept {
    constexpr std::size_t digits = 8;
    return text.size() < digits ? std::nullopt : parse_number<std::uint32_t>(text.substr(0, digits), 16);
}

std::optional<SleepingCall> parse_syscall(std::string_view text) noexcept {
    SleepingCall call;
    if (!take_number(text, call.number)) {
        return std::nullopt;
    }
    std::string_view argument = take_word(text);
    if (!argument.starts_with("0x")) {
        return std::nullopt;
    }
    argument.remove_prefix(2);
    return take_number(argument, call.first_argument, 16) ? std::optional(call) : std::nullopt;
}

} // namespace sig2pid::proc
