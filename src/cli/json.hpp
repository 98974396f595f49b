// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/output.hpp"

#include <nlohmann/json.hpp>

namespace sig2pid::cli {

/// Keeps its keys in the order they were put in.
using Json = nlohmann::ordered_json;

/// The object as a line. Bytes of foreign names that are not UTF-8 become U+FFFD, all control characters are escaped.
[[nodiscard]] std::string line_of(const Json& object);

/// One object a line.
inline void print_json(const Json& object) {
    print_line(line_of(object));
}

} // namespace sig2pid::cli
