// SPDX-License-Identifier: BSD-2-Clause
// The whole name of a program where the kernel has cut it.
#pragma once

#include <string_view>

namespace sig2pid {

/// What a word tells of a name that the kernel has cut; the later the better.
enum class Told {
    nothing, ///< it does not begin with what the kernel has kept
    other,   ///< it is another name than the wanted one
    wanted
};

struct CutName {
    std::string_view comm;   ///< what the kernel has kept
    std::string_view wanted; ///< begins with it

    [[nodiscard]] Told told_by(std::string_view name) const noexcept;
};

/// What follows the last slash.
[[nodiscard]] std::string_view base_name(std::string_view path) noexcept;

/// By the command line of /proc: the program's own word, or that of the script it runs, which stands behind options of
/// the interpreter.
[[nodiscard]] Told tell_by_words(const CutName& name, std::string_view command_line) noexcept;

} // namespace sig2pid
