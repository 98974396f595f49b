// SPDX-License-Identifier: BSD-2-Clause
// Cutting text of the kernel into lines and words.
#pragma once

#include <algorithm>
#include <string_view>

namespace sig2pid::proc {

/// Cuts the first line off `text`, without its newline.
inline std::string_view take_line(std::string_view& text) noexcept {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

/// Cuts the first argument off the text of /proc/PID/cmdline or environ, where a zero byte ends each.
inline std::string_view take_argument(std::string_view& text) noexcept {
    const std::size_t end = text.find('\0');
    const std::string_view argument = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return argument;
}

/// Whether one of the arguments or variables is just this.
inline bool has_argument(std::string_view text, std::string_view wanted) noexcept {
    while (!text.empty()) {
        if (take_argument(text) == wanted) {
            return true;
        }
    }
    return false;
}

/// Cuts the first word off `text`; empty when there is none.
inline std::string_view take_word(std::string_view& text) noexcept {
    const auto is_blank = [](char letter) { return letter == ' ' || letter == '\t' || letter == '\n'; };
    const auto* start = std::find_if_not(text.begin(), text.end(), is_blank);
    const auto* end = std::find_if(start, text.end(), is_blank);
    const std::string_view word(start, end);
    text = {end, text.end()};
    return word;
}

} // namespace sig2pid::proc
