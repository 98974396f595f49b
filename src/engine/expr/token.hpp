// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sig2pid::engine::expr {

/// Holds every value of both 64-bit types, and their product with any unit.
// NOLINTNEXTLINE(modernize-use-using): __extension__ does not stand before a using
__extension__ typedef __int128 Int128;

struct Token {
    enum class Kind : std::uint8_t {
        end,
        error, ///< not a token; always the last one
        name,
        integer,
        string,
        equal,
        not_equal,
        less,
        less_equal,
        greater,
        greater_equal,
        mask,
        glob,
        logical_and,
        logical_or,
        logical_not,
        open,
        close,
        open_list,
        close_list,
        comma,
    };
    Kind kind = Kind::end;
    std::size_t column = 0;  ///< 1-based, bytes
    std::string_view lexeme; ///< as written
    Int128 number = 0;       ///< of an integer: -2^63 to 2^64-1
    std::string text;        ///< of a string: without quotes and escapes; of an error: the problem
    std::string hint;        ///< of an error
};

} // namespace sig2pid::engine::expr
