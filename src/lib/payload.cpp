// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/send.hpp>

#include "lib/number.hpp"

#include <cerrno>

namespace sig2pid {
namespace {

std::unexpected<Error> bad_payload(std::string_view text, int code, std::string_view why) {
    return failure(code, "parse value", "value '" + std::string(text.substr(0, 64)) + "' " + std::string(why),
                   Reason::bad_input);
}

} // namespace

Result<Payload> Payload::parse(std::string_view text) {
    const bool negative = text.starts_with('-');
    std::string_view digits = text.substr(negative ? 1 : 0);
    const int base = digits.starts_with("0x") || digits.starts_with("0X") ? 16 : 10;
    digits.remove_prefix(base == 16 ? 2 : 0);
    const std::string_view allowed = base == 16 ? "0123456789abcdefABCDEF" : "0123456789";
    if (digits.empty() || digits.find_first_not_of(allowed) != std::string_view::npos) {
        return bad_payload(text, EINVAL, "is not a decimal or hexadecimal number");
    }
    if (base == 10 && digits.size() > 1 && digits.starts_with('0')) {
        return bad_payload(text, EINVAL, "begins with 0: conditions read that as octal; write decimal or 0x");
    }
    const std::optional<std::uint64_t> magnitude = parse_number<std::uint64_t>(digits, base);
    constexpr std::uint64_t most_negative = std::uint64_t{1} << 63U;
    if (!magnitude || (negative && *magnitude > most_negative)) {
        return bad_payload(text, ERANGE, "does not fit 64 bits");
    }
    return Payload{negative ? ~*magnitude + 1 : *magnitude};
}

} // namespace sig2pid
