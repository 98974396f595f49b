// SPDX-License-Identifier: BSD-2-Clause
#include "lib/condition.hpp"
#include "lib/nearest.hpp"
#include "lib/number.hpp"
#include "lib/regex.hpp"

#include <sig2pid/duration.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sig2pid {
namespace {

using Kind = Condition::Kind;

constexpr std::string_view decimal_digits = "0123456789";
constexpr std::string_view state_letters = "RSDTtZXI";
constexpr std::array<std::string_view, 8> namespace_kinds = {"cgroup", "ipc",  "mnt",  "net",
                                                             "pid",    "time", "user", "uts"};
constexpr unsigned deepest = 8;

/// What a reader of a value has: the piece, the value unescaped, and where it starts.
struct Reading {
    Piece piece;
    std::size_t value_start;
    unsigned depth;
    Condition& out;

    [[nodiscard]] std::string_view value() const { return out.value; }

    /// The error at `offset` in the unescaped value: each escape before it took one more character.
    [[nodiscard]] std::unexpected<Error> wrong(std::size_t offset, const std::string& why) const {
        std::size_t at = value_start;
        for (std::size_t i = 0; i < offset && at < piece.text.size(); ++i, ++at) {
            at += piece.text.substr(at).starts_with("\\,") ? 1U : 0U;
        }
        return bad_target(piece, at, why);
    }

    /// An error of the value's own parser, moved to where the value stands.
    [[nodiscard]] std::unexpected<Error> wrong(const Error& error) const {
        return wrong(error.column == 0 ? 0 : error.column - 1, error.message());
    }
};

Result<> read_text(const Reading&) {
    return {};
}

Result<> read_path(const Reading& reading) {
    if (reading.value().front() != '/') {
        return reading.wrong(0, "expected an absolute path");
    }
    return {};
}

std::string complaint_about_pid(std::string_view text) {
    if (text == "0") {
        return "0 is no process's number";
    }
    return text.find_first_not_of(decimal_digits) == std::string_view::npos
               ? "no PID is above " + std::to_string(Target::largest_pid)
               : "expected a number";
}

std::optional<pid_t> read_pid(std::string_view text) {
    const std::optional<pid_t> number = parse_number<pid_t>(text);
    return number && *number > 0 && *number <= Target::largest_pid ? number : std::nullopt;
}

Result<> read_id(const Reading& reading) {
    const std::optional<pid_t> number = read_pid(reading.value());
    if (!number) {
        return reading.wrong(0, complaint_about_pid(reading.value()));
    }
    reading.out.operand = *number;
    return {};
}

Result<> read_fd(const Reading& reading) {
    const auto number = parse_number<int>(reading.value());
    if (!number || *number < 0) {
        return reading.wrong(0, "expected the number of an inherited pidfd");
    }
    reading.out.operand = *number;
    return {};
}

Result<> read_regex(const Reading& reading) {
    Result<std::shared_ptr<const Regex>> regex = Regex::compile(reading.value());
    if (!regex) {
        return reading.wrong(regex.error());
    }
    reading.out.operand = std::move(*regex);
    return {};
}

Result<> read_target(const Reading& reading) {
    if (reading.depth + 1 >= deepest) {
        return reading.wrong(0, "no more than " + std::to_string(deepest) + " targets may be nested");
    }
    Result<Target> target = parse_nested_target(reading.value(), reading.depth + 1);
    if (!target) {
        return reading.wrong(target.error());
    }
    reading.out.operand = std::make_shared<const Target>(std::move(*target));
    return {};
}

Result<> read_state(const Reading& reading) {
    const std::size_t bad = reading.value().find_first_not_of(state_letters);
    if (bad != std::string_view::npos) {
        return reading.wrong(bad, "expected letters of " + std::string(state_letters) + ", as in ps(1)");
    }
    return {};
}

Result<> read_namespace(const Reading& reading) {
    const std::string_view value = reading.value();
    const std::size_t colon = value.find(':');
    const std::size_t number_start = colon == std::string_view::npos ? 0 : colon + 1;
    if (colon != std::string_view::npos &&
        std::ranges::find(namespace_kinds, value.substr(0, colon)) == namespace_kinds.end()) {
        return reading.wrong(0, "expected a PID, or cgroup, ipc, mnt, net, pid, time, user or uts and a PID");
    }
    const std::optional<pid_t> number = read_pid(value.substr(number_start));
    if (!number) {
        return reading.wrong(number_start, complaint_about_pid(value.substr(number_start)));
    }
    reading.out.operand = *number;
    return {};
}

Result<> read_duration(const Reading& reading) {
    Result<std::chrono::nanoseconds> duration = parse_duration(reading.value());
    if (!duration) {
        return reading.wrong(duration.error());
    }
    reading.out.operand = *duration;
    return {};
}

Result<> read_variable(const Reading& reading) {
    const std::size_t equals = reading.value().find('=');
    if (equals == 0 || equals == std::string_view::npos) {
        return reading.wrong(0, "expected NAME=VALUE");
    }
    return {};
}

Result<> read_signal(const Reading& reading) {
    Result<Signal> signal = Signal::parse(reading.value());
    if (!signal) {
        return reading.wrong(signal.error());
    }
    reading.out.operand = *signal;
    return {};
}

struct Word {
    Kind kind;
    std::string_view word;
    std::string_view expected;
    Result<> (*read)(const Reading&);
};

constexpr std::array words = {
    Word{Kind::name, "name", "NAME", read_text},
    Word{Kind::cmd, "cmd", "REGEX", read_regex},
    Word{Kind::exe, "exe", "PATH", read_path},
    Word{Kind::user, "user", "NAME or UID", read_text},
    Word{Kind::cgroup, "cgroup", "PATH", read_path},
    Word{Kind::unit, "unit", "NAME", read_text},
    Word{Kind::pidfile, "pidfile", "PATH", read_text},
    Word{Kind::child_of, "child-of", "TARGET", read_target},
    Word{Kind::tree, "tree", "TARGET", read_target},
    Word{Kind::group, "group", "PGID", read_id},
    Word{Kind::session, "session", "SID", read_id},
    Word{Kind::fd, "fd", "N", read_fd},
    Word{Kind::state, "state", "LETTERS", read_state},
    Word{Kind::tty, "tty", "NAME", read_text},
    Word{Kind::ns, "ns", "PID or KIND:PID", read_namespace},
    Word{Kind::older, "older", "DURATION", read_duration},
    Word{Kind::newer, "newer", "DURATION", read_duration},
    Word{Kind::env, "env", "NAME=VALUE", read_variable},
    Word{Kind::handles, "handles", "SIGNAL", read_signal},
};

std::string unescape(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        i += text.substr(i).starts_with("\\,") ? 1U : 0U;
        result += text[i];
    }
    return result;
}

std::string unknown_word(std::string_view word) {
    std::array<std::string_view, words.size()> known;
    std::ranges::transform(words, known.begin(), &Word::word);
    const std::string_view meant = nearest(word, known);
    if (!meant.empty()) {
        return "unknown word; did you mean '" + std::string(meant) + ":'?";
    }
    return "expected PID, PID:INODE[:BOOT], or a word and a colon, such as name:NAME";
}

Result<Condition> parse_word(const Piece& piece, unsigned depth) {
    const std::size_t colon = std::min(piece.text.find(':'), piece.text.size());
    const auto* const word = std::ranges::find(words, piece.text.substr(0, colon), &Word::word);
    if (word == words.end()) {
        return bad_target(piece, 0, unknown_word(piece.text.substr(0, colon)));
    }
    if (colon + 1 >= piece.text.size()) {
        return bad_target(piece, piece.text.size(),
                          "expected " + std::string(word->word) + ":" + std::string(word->expected));
    }
    Condition condition{word->kind, std::string(piece.text), unescape(piece.text.substr(colon + 1)), {}};
    if (Result<> read = word->read({piece, colon + 1, depth, condition}); !read) {
        return forward_error(read);
    }
    return condition;
}

std::string meaning_of_negative(std::string_view number) {
    if (number == "1") {
        return "-1 means every process to kill(2), and has no place here: name each one";
    }
    return "a negative number means a process group to kill(2); its word is group:" + std::string(number);
}

Result<Condition> parse_pid(const Piece& piece) {
    const std::optional<pid_t> number = read_pid(piece.text);
    if (number) {
        return Condition{Kind::pid, std::string(piece.text), std::string(piece.text), *number};
    }
    if (parse_number<std::uint64_t>(piece.text) == 0) {
        return bad_target(piece, 0, "0 means the caller's own process group to kill(2); its word is group:PGID");
    }
    return bad_target(piece, 0, complaint_about_pid(piece.text));
}

Result<Condition> parse_token(const Piece& piece) {
    Result<Token> token = Token::parse(piece.text);
    if (!token) {
        Error error = std::move(token).error();
        error.column += piece.start;
        return std::unexpected(std::move(error));
    }
    return Condition{Kind::token, std::string(piece.text), std::string(piece.text), *token};
}

} // namespace

std::string_view to_string(Condition::Kind kind) noexcept {
    if (kind == Kind::pid || kind == Kind::token) {
        return kind == Kind::pid ? "PID" : "token";
    }
    return std::ranges::find(words, kind, &Word::kind)->word;
}

Result<Condition> parse_condition(const Piece& piece, unsigned depth) {
    const std::string_view text = piece.text;
    if (text.empty()) {
        return bad_target(piece, 0, "is empty; expected PID, PID:INODE[:BOOT], or a word such as name:NAME");
    }
    if (text.contains('\0')) {
        return bad_target(piece, text.find('\0'), "a zero byte");
    }
    if (text.size() > 1 && text.front() == '-' && text.find_first_not_of(decimal_digits, 1) == std::string_view::npos) {
        return bad_target(piece, 0, meaning_of_negative(text.substr(1)));
    }
    const std::size_t count = std::min(text.find_first_not_of(decimal_digits), text.size());
    if (count == text.size()) {
        return parse_pid(piece);
    }
    if (count > 0) {
        return text[count] == ':' ? parse_token(piece)
                                  : bad_target(piece, count,
                                               "expected ':' or the end of a PID; a name is written name:" +
                                                   std::string(text.substr(0, 64)));
    }
    return parse_word(piece, depth);
}

} // namespace sig2pid
