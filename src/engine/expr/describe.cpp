// SPDX-License-Identifier: BSD-2-Clause
#include "engine/expr/describe.hpp"

#include <algorithm>
#include <vector>

namespace sig2pid::engine::expr {
namespace {

constexpr std::size_t shown_bytes = 40;
constexpr std::size_t shown_fields = 12;
constexpr std::size_t longest_typo = 64;

/// Levenshtein distance, one row at a time.
std::size_t distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::ranges::generate(row, [next = std::size_t{0}]() mutable { return next++; });
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::string list_of(std::span<const Field> fields) {
    std::string list = "the fields are ";
    for (std::size_t i = 0; i < std::min(fields.size(), shown_fields); ++i) {
        list += (i == 0 ? "" : ", ") + fields[i].name;
    }
    return list + (fields.size() > shown_fields ? ", ..." : "");
}

} // namespace

std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string shown = "'";
    for (const char byte : text.substr(0, shown_bytes)) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x20 || code >= 0x7f) {
            shown += "\\x";
            shown += digits[code >> 4U];
            shown += digits[code & 0xfU];
        } else {
            shown += byte;
        }
    }
    return shown + (text.size() > shown_bytes ? "...'" : "'");
}

std::optional<std::string_view> nearest_field(std::string_view name, std::span<const Field> fields) {
    if (name.size() > longest_typo) {
        return std::nullopt;
    }
    std::size_t limit = name.size() / 4 + 1;
    std::optional<std::string_view> nearest;
    for (const Field& field : fields) {
        const std::size_t typos = distance(name, field.name);
        if (typos <= limit && typos < std::max(name.size(), field.name.size()) && (!nearest || typos < limit)) {
            limit = typos;
            nearest = field.name;
        }
    }
    return nearest;
}

std::string hint_for_unknown(std::string_view name, std::span<const Field> fields) {
    if (name == "and" || name == "or" || name == "not") {
        return std::string("write ") + (name == "and" ? "&&" : name == "or" ? "||" : "!");
    }
    if (const auto nearest = nearest_field(name, fields)) {
        return "did you mean '" + std::string(*nearest) + "'?";
    }
    return (fields.empty() ? "the event has no fields" : list_of(fields)) + "; text goes in double quotes";
}

} // namespace sig2pid::engine::expr
