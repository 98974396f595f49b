// SPDX-License-Identifier: BSD-2-Clause
#include "lib/users.hpp"

#include "lib/number.hpp"
#include "lib/proc.hpp"
#include "lib/words.hpp"

#include <cerrno>
#include <fcntl.h>
#include <optional>

namespace sig2pid {
namespace {

struct Line {
    std::string_view name; ///< points into the text
    uid_t user = 0;
};

/// NAME:PASSWORD:UID:...
std::optional<Line> parse_line(std::string_view line) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = line.substr(second + 1);
    const std::optional<uid_t> user = parse_number<uid_t>(rest.substr(0, rest.find(':')));
    return user ? std::optional(Line{line.substr(0, first), *user}) : std::nullopt;
}

/// Empty where there is no such file.
Result<std::string> read_users() {
    Result<std::string> text = proc::read_long_file(AT_FDCWD, "/etc/passwd");
    return text || text.error().code != ENOENT ? std::move(text) : Result<std::string>(std::string());
}

template <typename Wanted> Result<std::optional<Line>> find_line(std::string& text, Wanted&& wanted) {
    Result<std::string> read = read_users();
    if (!read) {
        return forward_error(read);
    }
    text = std::move(*read);
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::optional<Line> line = parse_line(proc::take_line(rest));
        if (line && wanted(*line)) {
            return line;
        }
    }
    return std::nullopt;
}

} // namespace

Result<uid_t> find_user(const std::string& name) {
    std::string text;
    Result<std::optional<Line>> line = find_line(text, [&](const Line& each) { return each.name == name; });
    if (line && *line) {
        return (*line)->user;
    }
    if (const auto number = parse_number<uid_t>(name)) {
        return *number;
    }
    if (!line) {
        return forward_error(line);
    }
    return failure(ENOENT, "find user",
                   "no user '" + name + "' in /etc/passwd; one of a directory service is named by number, user:UID",
                   Reason::bad_input);
}

std::string user_name(uid_t user) {
    std::string text;
    const auto line = find_line(text, [&](const Line& each) { return each.user == user; });
    return line && *line ? std::string((*line)->name) : std::to_string(user);
}

} // namespace sig2pid
