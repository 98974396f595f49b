// SPDX-License-Identifier: BSD-2-Clause
#include "engine/expr/number.hpp"
#include "engine/expr/describe.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace sig2pid::engine::expr {
namespace {

struct Unit {
    std::string_view suffix;
    std::int64_t factor;
};

constexpr std::array units{
    Unit{"", 1},
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"K", std::int64_t{1} << 10},
    Unit{"M", std::int64_t{1} << 20},
    Unit{"G", std::int64_t{1} << 30},
    Unit{"T", std::int64_t{1} << 40},
};

/// The digits of a number and the base to read them in.
struct Digits {
    int base;
    std::string_view text;
};

Digits without_prefix(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        return {16, text.substr(2)};
    }
    if (text.starts_with("0o") || text.starts_with("0O")) {
        return {8, text.substr(2)};
    }
    const bool octal_of_c = text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
    return octal_of_c ? Digits{8, text.substr(1)} : Digits{10, text};
}

std::optional<std::int64_t> factor_of(std::string_view suffix, int base) {
    const auto* const unit = std::ranges::find(units, suffix, &Unit::suffix);
    if (unit == units.end() || (base != 10 && !suffix.empty())) {
        return std::nullopt;
    }
    return unit->factor;
}

std::unexpected<Complaint> not_a_number(std::string_view lexeme, int base) {
    std::string hint = "units are ns us ms s m h for durations, K M G T for sizes";
    if (base == 16) {
        hint = "hexadecimal digits are 0-9 a-f, and take no unit";
    } else if (base == 8) {
        hint = "a leading 0 or 0o means octal: digits 0-7, and no unit";
    } else if (lexeme.contains('.')) {
        hint = "there are no fractions; use a smaller unit, 1500ms for one";
    }
    return std::unexpected(Complaint{quoted(lexeme) + " is not a number", std::move(hint)});
}

std::unexpected<Complaint> too_large(std::string_view lexeme) {
    return std::unexpected(Complaint{quoted(lexeme) + " does not fit into 64 bits", {}});
}

} // namespace

std::expected<Int128, Complaint> parse_number(std::string_view lexeme) {
    const bool negative = lexeme.starts_with('-');
    const Digits digits = without_prefix(lexeme.substr(negative ? 1 : 0));
    std::uint64_t magnitude = 0;
    const char* const end = digits.text.data() + digits.text.size();
    const auto [rest, error] = std::from_chars(digits.text.data(), end, magnitude, digits.base);
    if (error == std::errc::invalid_argument) {
        return not_a_number(lexeme, digits.base);
    }
    const auto factor = factor_of(std::string_view(rest, end), digits.base);
    if (!factor) {
        return not_a_number(lexeme, digits.base);
    }
    if (error == std::errc::result_out_of_range) {
        return too_large(lexeme);
    }
    const Int128 value = Int128{magnitude} * *factor * (negative ? -1 : 1);
    if (value > std::numeric_limits<std::uint64_t>::max() || value < std::numeric_limits<std::int64_t>::min()) {
        return too_large(lexeme);
    }
    return value;
}

std::string decimal(Int128 value) {
    return value < 0 ? std::to_string(static_cast<std::int64_t>(value))
                     : std::to_string(static_cast<std::uint64_t>(value));
}

} // namespace sig2pid::engine::expr
