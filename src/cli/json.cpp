// SPDX-License-Identifier: BSD-2-Clause
#include "cli/json.hpp"

namespace sig2pid::cli {
namespace {

/// \u00NN for DEL and for U+0080 to U+009F: JSON lets them stand, and a terminal obeys them.
std::string escape_controls(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool two_bytes =
            text[i] == '\xC2' && i + 1 < text.size() && static_cast<signed char>(text[i + 1]) < -0x60;
        if (text[i] == '\x7F') {
            result += "\\u007f";
        } else if (two_bytes) {
            const auto low = static_cast<unsigned char>(text[++i]);
            result += "\\u00";
            result += low < 0x90 ? '8' : '9';
            result += "0123456789abcdef"[low & 0xFU];
        } else {
            result += text[i];
        }
    }
    return result;
}

} // namespace

std::string line_of(const Json& object) {
    return escape_controls(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

} // namespace sig2pid::cli
