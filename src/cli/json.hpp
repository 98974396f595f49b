// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/output.hpp"

#include <nlohmann/json.hpp>

namespace sig2pid::cli {

/// Keeps its keys in the order they were put in.
using Json = nlohmann::ordered_json;

/// One object a line. Bytes of foreign names that are not UTF-8 become U+FFFD.
inline void print_json(const Json& object) {
    print_line(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

} // namespace sig2pid::cli
