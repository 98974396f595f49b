// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>

namespace sig2pid::engine {

/// What a where-expression may do with a field: integers are ordered and masked, strings are compared and globbed.
enum class FieldType : std::uint8_t { integer, boolean, string };

/// One field of an event, as a where-expression names it.
struct Field {
    std::string name;
    FieldType type = FieldType::integer;
    std::uint8_t bytes = 8;     ///< width of an integer: 1, 2, 4 or 8; not read for other types
    bool is_signed = false;     ///< integers only
    std::uint16_t elements = 0; ///< integers: of an array, whose elements are named args[0], args[1]...; 0: no array
    std::uint16_t capacity = 0; ///< strings: longest text it can hold in bytes, without the NUL; 0: not known
    std::string description;    ///< for a person
    std::string type_name;      ///< as the kernel (or this project) spells the type, for display
};

} // namespace sig2pid::engine
