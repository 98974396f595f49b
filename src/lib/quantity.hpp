// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace sig2pid {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

/// What a quantity is called in errors, its units, and the form to show to who got it wrong.
struct QuantityKind {
    std::string_view noun;
    std::span<const Unit> units;
    std::string_view example;
};

/// A number and one of the units, multiplied; EINVAL with the column, or ERANGE.
[[nodiscard]] Result<std::uint64_t> parse_quantity(std::string_view text, const QuantityKind& kind);

} // namespace sig2pid
