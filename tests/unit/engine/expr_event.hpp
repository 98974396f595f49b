// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/expression.hpp>

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <vector>

namespace sig2pid::engine {

/// A made-up event with a field of each type, and its values.
struct Event {
    std::int32_t code = 0;
    std::uint32_t flags = 0;
    std::uint8_t level = 0;
    std::int64_t offset = 0;
    std::uint64_t size = 0;
    bool core = false;
    std::string comm{};
    std::string path{};
    std::array<std::uint64_t, 3> args{};

    [[nodiscard]] static const std::vector<Field>& fields() {
        static const std::vector<Field> all{
            {"code", FieldType::integer, 4, true, 0, 0, "exit code", "int"},
            {"flags", FieldType::integer, 4, false, 0, 0, "", "u32"},
            {"level", FieldType::integer, 1, false, 0, 0, "", "u8"},
            {"offset", FieldType::integer, 8, true, 0, 0, "", "long"},
            {"size", FieldType::integer, 8, false, 0, 0, "", "size_t"},
            {"core", FieldType::boolean, 1, false, 0, 0, "dumped core", "bool"},
            {"comm", FieldType::string, 0, false, 0, 15, "", "char[16]"},
            {"path", FieldType::string, 0, false, 0, 0, "", "char *"},
            {.name = "args", .bytes = 4, .is_signed = true, .elements = 3, .description = "", .type_name = "int[3]"},
        };
        return all;
    }

    [[nodiscard]] std::vector<FieldValue> values() const {
        return {static_cast<std::uint64_t>(code),
                std::uint64_t{flags},
                std::uint64_t{level},
                static_cast<std::uint64_t>(offset),
                size,
                std::uint64_t{core},
                comm,
                path,
                std::span<const std::uint64_t>(args)};
    }
};

/// The predicate of an expression that must be right.
inline Predicate predicate_of(std::string_view text) {
    const auto expression = Expression::parse(text, Event::fields());
    if (!expression) {
        ADD_FAILURE() << text << ": " << expression.error().message();
        return {};
    }
    auto lowered = lower(*expression);
    if (!lowered) {
        ADD_FAILURE() << text << ": " << lowered.error().message();
        return {};
    }
    return std::move(*lowered);
}

/// What an expression that must be right says about an event.
inline bool holds(std::string_view text, const Event& event) {
    return evaluate(predicate_of(text), event.values());
}

/// The error of an expression that must be wrong.
inline ExpressionError error_of(std::string_view text) {
    const auto expression = Expression::parse(text, Event::fields());
    if (!expression) {
        return expression.error();
    }
    const auto lowered = lower(*expression);
    EXPECT_FALSE(lowered) << text << " is accepted";
    return lowered ? ExpressionError{} : lowered.error();
}

} // namespace sig2pid::engine
