// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sig2pid::cli {

/// A value to be printed as JSON. An object keeps its keys in the order they were put in.
class Json {
public:
    using Array = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>;
    using Value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, std::string, Array, Object>;

    Json() noexcept = default; ///< null
    Json(std::nullptr_t) noexcept {}
    Json(std::same_as<bool> auto value) : value_(static_cast<bool>(value)) {}
    Json(std::signed_integral auto value) : value_(static_cast<std::int64_t>(value)) {}
    Json(std::unsigned_integral auto value)
        requires(!std::same_as<decltype(value), bool>)
        : value_(static_cast<std::uint64_t>(value)) {}
    Json(const char* text) : value_(std::string(text)) {}
    Json(std::string_view text) : value_(std::string(text)) {}
    Json(std::string text) : value_(std::move(text)) {}
    template <typename Content> Json(const std::optional<Content>& content) { ///< null without content
        if (content) {
            *this = Json(*content);
        }
    }
    Json(std::initializer_list<std::pair<std::string_view, Json>> members);

    static Json array();
    static Json object();

    /// The member of an object; added when it is not there. Null becomes an object.
    Json& operator[](std::string_view key);

    /// To an array.
    void push_back(Json element);

    [[nodiscard]] const Value& value() const noexcept { return value_; }

private:
    Value value_ = nullptr;
};

/// The value in one line. Bytes of foreign names that are not UTF-8 become U+FFFD, all control characters are escaped.
[[nodiscard]] std::string line_of(const Json& value);

/// One object a line.
void print_json(const Json& object);

} // namespace sig2pid::cli
