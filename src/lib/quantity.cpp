// SPDX-License-Identifier: BSD-2-Clause
#include "lib/quantity.hpp"

#include "lib/number.hpp"

#include <sig2pid/duration.hpp>
#include <sig2pid/size.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace sig2pid {
namespace {

constexpr std::array duration_units = {Unit{"ns", 1},
                                       Unit{"us", 1'000},
                                       Unit{"ms", 1'000'000},
                                       Unit{"s", 1'000'000'000},
                                       Unit{"m", 60'000'000'000},
                                       Unit{"h", 3'600'000'000'000}};
constexpr QuantityKind duration_kind{"duration", duration_units, "250ms, 10s, 2m"};

constexpr std::array size_units = {Unit{"", 1}, Unit{"K", 1ULL << 10}, Unit{"M", 1ULL << 20}, Unit{"G", 1ULL << 30},
                                   Unit{"T", 1ULL << 40}};
constexpr QuantityKind size_kind{"size", size_units, "512, 64K, 2G"};

std::unexpected<Error> bad_quantity(int code, std::string_view text, const QuantityKind& kind, std::size_t column) {
    std::string context = std::string(kind.noun) + " '" + std::string(text.substr(0, 40)) + "' ";
    context += code == ERANGE ? "is too large" : "is not a number and a unit, such as " + std::string(kind.example);
    context += " (column " + std::to_string(column) + ")";
    return std::unexpected(
        Error{code, "parse " + std::string(kind.noun), std::move(context), Reason::bad_input, column});
}

} // namespace

Result<std::uint64_t> parse_quantity(std::string_view text, const QuantityKind& kind) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) {
        return bad_quantity(EINVAL, text, kind, 1);
    }
    const std::optional<std::uint64_t> number = parse_number<std::uint64_t>(text.substr(0, digits));
    if (!number) {
        return bad_quantity(ERANGE, text, kind, 1);
    }
    const auto unit = std::ranges::find(kind.units, text.substr(digits), &Unit::name);
    if (unit == kind.units.end()) {
        return *number == 0 && digits == text.size() ? Result<std::uint64_t>(0)
                                                     : bad_quantity(EINVAL, text, kind, digits + 1);
    }
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(*number, unit->factor, &product)) {
        return bad_quantity(ERANGE, text, kind, 1);
    }
    return product;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    Result<std::uint64_t> count = parse_quantity(text, duration_kind);
    if (!count) {
        return forward_error(count);
    }
    if (*count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return bad_quantity(ERANGE, text, duration_kind, 1);
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(*count));
}

std::string format_duration(std::chrono::nanoseconds duration) {
    const std::int64_t count = duration.count();
    if (count == 0) {
        return "0s";
    }
    for (std::size_t i = duration_units.size(); i-- > 0;) {
        const auto factor = static_cast<std::int64_t>(duration_units[i].factor);
        if (count % factor == 0) {
            return std::to_string(count / factor) + std::string(duration_units[i].name);
        }
    }
    return std::to_string(count) + "ns";
}

Result<std::uint64_t> parse_size(std::string_view text) {
    return parse_quantity(text, size_kind);
}

} // namespace sig2pid
