// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/engine/rung.hpp>

#include <array>
#include <cerrno>

namespace sig2pid::engine {

namespace {
constexpr std::array<std::string_view, rung_count> rung_names = {"direct", "task-work", "pidfd"};
}

std::string_view to_string(Rung rung) noexcept {
    return rung_names[static_cast<std::size_t>(rung)];
}

Result<Rung> parse_rung(std::string_view text) {
    for (std::size_t i = 0; i < rung_names.size(); i++) {
        if (text == rung_names[i]) {
            return static_cast<Rung>(i);
        }
    }
    return failure(EINVAL, "parse_rung", "unknown rung '" + std::string(text) + "': say direct, task-work or pidfd",
                   Reason::bad_input);
}

} // namespace sig2pid::engine
