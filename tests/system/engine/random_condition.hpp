// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/event.hpp>

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::engine {

/// Random conditions over some fields of an event, and random values for these fields. Both come from the same few
/// edge cases, so that comparisons are often equal or one apart, and strings differ in their last byte.
class RandomCondition {
public:
    RandomCondition(std::uint32_t seed, const Event& event, std::span<const std::string_view> names);

    /// A condition, at most `depth` operators above a comparison. It may be beyond a predicate's limits.
    [[nodiscard]] std::string condition(int depth);

    /// A value of an integer field, extended to 64 bits as the field says.
    [[nodiscard]] std::uint64_t integer(const Field& field);

    /// A string of at most `longest` bytes, without NUL, of lengths around the multiples of 8.
    [[nodiscard]] std::string text(std::size_t longest);

    [[nodiscard]] std::size_t below(std::size_t end) { return random_() % end; }

private:
    [[nodiscard]] const Field& pick(const std::vector<Field>& fields) { return fields[below(fields.size())]; }
    [[nodiscard]] std::string comparison();
    [[nodiscard]] std::string of_integer(const Field& field);
    [[nodiscard]] std::string of_string(const Field& field);
    [[nodiscard]] std::string of_two();
    [[nodiscard]] std::string masked(const Field& field);
    [[nodiscard]] std::string list(const Field& field);
    [[nodiscard]] std::string chain(int depth, const char* joint);
    [[nodiscard]] std::string literal(const Field& field);
    [[nodiscard]] std::string few_letters(std::string_view letters, std::size_t longest);
    [[nodiscard]] std::string pattern(std::size_t longest);
    [[nodiscard]] std::string pattern_token(char byte);

    std::mt19937 random_;
    std::string base_; ///< what all strings begin with
    std::vector<Field> integers_, strings_;
};

} // namespace sig2pid::engine
