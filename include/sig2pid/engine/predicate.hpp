// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The flat form of a where-expression: a list of comparisons that only jump forwards, so that a BPF program
/// can walk it in one bounded loop (and the verifier can prove it), and user space can do the very same.
namespace sig2pid::engine {

/// One step of a compiled shell glob.
struct GlobToken {
    enum Kind : std::uint8_t {
        literal, ///< exactly the byte arg
        any,     ///< one byte, whichever
        star,    ///< any number of bytes, none too; never two in a row
        set      ///< one byte that is a member of Predicate::sets[arg]
    };
    Kind kind = literal;
    std::uint8_t arg = 0;

    friend bool operator==(const GlobToken&, const GlobToken&) = default;
};

/// A set of bytes: byte b is a member if bit b % 64 of word b / 64 is set. NUL never is.
using ByteSet = std::array<std::uint64_t, 4>;

/// What a term tests. The other comparisons are these with the two jumps exchanged.
enum class Op : std::uint8_t { equal, less, less_equal, glob };

/// Jump targets that end the walk.
inline constexpr std::uint16_t accept = 0xffff;
inline constexpr std::uint16_t reject = 0xfffe;

/// One comparison: (field & mask) op value, field op other_field, field == text, or field matches glob.
struct Term {
    Op op = Op::equal;
    std::uint16_t field = 0;                  ///< index into the fields the expression was parsed against
    std::uint16_t element = 0;                ///< of that field, where it is an array
    std::optional<std::uint16_t> other_field; ///< the right side, where it is a field: value and text are unused
    std::uint16_t other_element = 0;          ///< of that one
    std::uint64_t mask = ~std::uint64_t{0};   ///< applied to field alone, after its extension to 64 bits
    std::uint64_t value = 0;                  ///< right side of an integer or boolean (0 or 1), extended to 64 bits
    bool is_string = false;                   ///< compares strings, and only with equal or glob
    bool is_signed = false;                   ///< less and less_equal compare as signed 64-bit integers
    std::string text;                         ///< right side of a string, at most max_text bytes, no NUL inside
    std::vector<GlobToken> glob;              ///< right side of a glob, at most max_glob tokens
    std::uint16_t on_true = accept;           ///< accept, reject, or the index of a later term
    std::uint16_t on_false = reject;          ///< likewise
};

/// The whole condition. The walk starts at the first term; there is always one.
struct Predicate {
    static constexpr std::size_t max_terms = 32;
    static constexpr std::size_t max_strings = 16; ///< terms with a text or a glob
    static constexpr std::size_t max_sets = 8;
    static constexpr std::size_t max_text = 255; ///< bytes of one string
    static constexpr std::size_t max_glob = 64;  ///< tokens of one glob

    std::vector<Term> terms;
    std::vector<ByteSet> sets;
};

/// The value of a field: an integer sign- or zero-extended to 64 bits as its field says (a boolean is 0 or 1), a string
/// without its NUL, or the elements of an array of integers; the caller keeps the last two alive.
using FieldValue = std::variant<std::uint64_t, std::string_view, std::span<const std::uint64_t>>;

/// Whether the values, in the order of the fields, satisfy the predicate. This is the meaning that the kernel's
/// evaluation is tested against.
///
/// Throws if a value is missing or of the wrong type: the caller mixed up two events.
[[nodiscard]] bool evaluate(const Predicate& predicate, std::span<const FieldValue> values);

/// Whether all of the text matches: fnmatch(3) without flags, in the C locale. Takes at most tokens × bytes steps and
/// remembers only the last star, so a BPF program can do the same.
[[nodiscard]] bool glob_match(std::span<const GlobToken> glob, std::span<const ByteSet> sets, std::string_view text);

} // namespace sig2pid::engine
