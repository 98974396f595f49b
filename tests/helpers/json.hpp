// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sig2pid::test {

/// What a command printed as JSON.
class Json {
public:
    Json(); ///< null

    /// Throws for what is no JSON.
    static Json parse(std::string_view text);

    /// The member of an object; null where there is none.
    Json operator[](std::string_view key) const;

    [[nodiscard]] bool contains(std::string_view key) const;
    [[nodiscard]] bool is_null() const;
    [[nodiscard]] bool is_number() const;
    [[nodiscard]] bool is_string() const;
    [[nodiscard]] bool is_array() const;

    /// Throw where it is no such thing.
    [[nodiscard]] std::int64_t number() const;
    [[nodiscard]] std::string text() const;

    bool operator==(const Json& other) const;
    bool operator==(std::string_view text) const;
    bool operator==(std::nullptr_t) const { return is_null(); }
    bool operator==(std::same_as<bool> auto value) const { return is(value); }
    bool operator==(std::integral auto value) const
        requires(!std::same_as<decltype(value), bool>)
    {
        return is_number() && number() == static_cast<std::int64_t>(value);
    }

    /// As it was printed, for messages of tests.
    friend std::ostream& operator<<(std::ostream& out, const Json& json);

private:
    struct Value;
    explicit Json(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
    [[nodiscard]] bool is(bool value) const;

    std::shared_ptr<const Value> value_;
};

/// Each line of the text.
std::vector<Json> json_lines(const std::string& text);

} // namespace sig2pid::test
