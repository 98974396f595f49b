// SPDX-License-Identifier: BSD-2-Clause
#include "lib/cut_name.hpp"

#include "lib/words.hpp"

#include <algorithm>

namespace sig2pid {
namespace {

/// The name in a title such as "postgresql-server: worker 3", which a program writes over its arguments.
std::string_view titled_name(std::string_view title) {
    return base_name(title.substr(0, title.find_first_of(": ")));
}

} // namespace

Told CutName::told_by(std::string_view name) const noexcept {
    return !name.starts_with(comm) ? Told::nothing : name == wanted ? Told::wanted : Told::other;
}

std::string_view base_name(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

Told tell_by_words(const CutName& name, std::string_view command_line) noexcept {
    const std::string_view program = proc::take_argument(command_line);
    Told told = std::max(name.told_by(base_name(program)), name.told_by(titled_name(program)));
    while (told == Told::nothing && !command_line.empty()) {
        const std::string_view word = proc::take_argument(command_line);
        told = word.starts_with('-') ? Told::nothing : name.told_by(base_name(word));
    }
    return told;
}

} // namespace sig2pid
