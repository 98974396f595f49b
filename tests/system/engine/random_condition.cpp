// SPDX-License-Identifier: BSD-2-Clause
#include "random_condition.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace sig2pid::engine {

namespace {

constexpr std::array relations = {"==", "!=", "<", "<=", ">", ">="};
constexpr std::size_t longest_text = 255;

/// As a string of the expression language.
std::string as_literal(std::string_view text) {
    std::string out = "\"";
    for (const char byte : text) {
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += byte;
        } else if (byte < ' ' || byte > '~') {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        } else {
            out += byte;
        }
    }
    return out + '"';
}

std::uint64_t extended(std::uint64_t value, const Field& field) {
    const unsigned shift = 64U - 8U * field.bytes;
    const std::uint64_t high = value << shift;
    return field.is_signed ? static_cast<std::uint64_t>(static_cast<std::int64_t>(high) >> shift) : high >> shift;
}

} // namespace

RandomCondition::RandomCondition(std::uint32_t seed, const Event& event, std::span<const std::string_view> names)
    : random_(seed) {
    for (const auto& field : event.fields) {
        if (std::ranges::find(names, field.name) != names.end()) {
            (field.type == FieldType::string ? strings_ : integers_).push_back(field);
        }
    }
    constexpr std::string_view alphabet = "abcdeABCDE01234_-+*?[]\\\"\x01\x7f\x80\xff";
    while (base_.size() < longest_text) {
        base_ += alphabet[below(base_.size() % 5 == 0 ? alphabet.size() : 15)];
    }
}

std::uint64_t RandomCondition::integer(const Field& field) {
    const std::uint64_t top = std::uint64_t{1} << (8U * field.bytes - 1U);
    const std::array<std::uint64_t, 12> edges = {
        0, 1, 2, ~std::uint64_t{0}, ~std::uint64_t{0} - 99, top, top - 1, top + 1, 0x80, 0xff, 0x8000, top >> 1U};
    return extended(below(8) == 0 ? random_() * 0x9e3779b97f4a7c15U : edges.at(below(edges.size())), field);
}

std::string RandomCondition::text(std::size_t longest) {
    if (below(3) == 0) {
        return few_letters("ab", std::min<std::size_t>(longest, 12));
    }
    constexpr std::array<std::size_t, 20> lengths = {0,  1,  7,  8,   9,   15,  16,  17,  23,  24,
                                                     25, 63, 64, 127, 128, 129, 247, 248, 254, 255};
    const auto end = std::ranges::upper_bound(lengths, longest) - lengths.begin();
    std::string made = base_.substr(0, lengths.at(below(static_cast<std::size_t>(end))));
    if (!made.empty() && below(3) == 0) {
        auto& byte = below(2) == 0 ? made.back() : made[below(made.size())];
        byte = byte == 'x' ? 'y' : 'x';
    }
    return made;
}

std::string RandomCondition::few_letters(std::string_view letters, std::size_t longest) {
    std::string made;
    for (std::size_t left = below(longest + 1); left > 0; left--) {
        made += letters[below(letters.size())];
    }
    return made;
}

std::string RandomCondition::condition(int depth) {
    switch (depth == 0 ? 3 : below(6)) {
    case 0:
        return chain(depth, " || ");
    case 1:
    case 2:
        return chain(depth, " && ");
    case 5:
        return "!(" + condition(depth - 1) + ")";
    default:
        return comparison();
    }
}

std::string RandomCondition::chain(int depth, const char* joint) {
    std::string out;
    for (std::size_t parts = 2 + below(2); parts > 0; parts--) {
        out += "(" + condition(depth - 1) + ")" + (parts > 1 ? joint : "");
    }
    return out;
}

std::string RandomCondition::comparison() {
    if (below(6) == 0) {
        return of_two();
    }
    return strings_.empty() || below(2) == 0 ? of_integer(pick(integers_)) : of_string(pick(strings_));
}

std::string RandomCondition::of_integer(const Field& field) {
    switch (below(6)) {
    case 0:
        return field.name;
    case 1:
        return masked(field);
    case 2:
        return list(field);
    case 3:
        return literal(field) + relations.at(below(6)) + field.name;
    default:
        return field.name + relations.at(below(6)) + literal(field);
    }
}

std::string RandomCondition::masked(const Field& field) {
    Field bits = field;
    bits.is_signed = false;
    const std::uint64_t most = field.is_signed ? ~std::uint64_t{0} >> (65U - 8U * field.bytes) : ~std::uint64_t{0};
    const std::uint64_t mask = std::max<std::uint64_t>(integer(bits) & most, 1);
    const std::string left = fmt::format("{} & {:#x}", field.name, mask);
    return below(2) == 0 ? left : left + relations.at(below(6)) + std::to_string(integer(bits) & mask);
}

std::string RandomCondition::list(const Field& field) {
    std::string out = field.name + " in [" + literal(field);
    for (std::size_t more = below(3); more > 0; more--) {
        out += ", " + literal(field);
    }
    return out + "]";
}

std::string RandomCondition::literal(const Field& field) {
    if (field.type == FieldType::string) {
        return as_literal(text(field.capacity));
    }
    const std::uint64_t value = integer(field);
    if (field.is_signed) {
        return std::to_string(static_cast<std::int64_t>(value));
    }
    return below(2) == 0 ? std::to_string(value) : fmt::format("{:#x}", value);
}

std::string RandomCondition::of_string(const Field& field) {
    switch (below(5)) {
    case 0:
        return list(field);
    case 1:
    case 2:
        return field.name + " =~ " + as_literal(pattern(field.capacity));
    default:
        return field.name + relations.at(below(2)) + literal(field);
    }
}

/// Two fields of one kind; integers of 64 bits without a sign only with their like.
std::string RandomCondition::of_two() {
    if (strings_.size() > 1 && below(2) == 0) {
        return pick(strings_).name + relations.at(below(2)) + pick(strings_).name;
    }
    const Field& left = pick(integers_);
    const Field* right = &pick(integers_);
    const auto is_wide = [](const Field& field) { return field.bytes == 8 && !field.is_signed; };
    if ((is_wide(left) && right->is_signed) || (is_wide(*right) && left.is_signed)) {
        right = &left;
    }
    return left.name + relations.at(below(6)) + right->name;
}

/// The beginning and the end of a string that may well occur, with wildcards in between and instead of some bytes; or
/// stars and few letters, where the first place that a star stops at is seldom the right one.
std::string RandomCondition::pattern(std::size_t longest) {
    if (below(3) == 0) {
        return "*" + few_letters("aabb*?", 8);
    }
    const std::string model = text(longest);
    const std::size_t head = std::min(model.size(), below(25));
    const std::size_t tail = std::min(model.size() - head, below(25));
    std::string out;
    for (const char byte : model.substr(0, head)) {
        out += pattern_token(byte);
    }
    out += head + tail < model.size() || below(3) == 0 ? "*" : "";
    for (const char byte : model.substr(model.size() - tail)) {
        out += pattern_token(byte);
    }
    return out;
}

std::string RandomCondition::pattern_token(char byte) {
    switch (below(16)) {
    case 0:
        return "?";
    case 1:
        return "*";
    case 2:
        return "[a-eA-E]";
    case 3:
        return "[!0-4]";
    default:
        return std::string("*?[]\\").contains(byte) ? std::string("\\") + byte : std::string(1, byte);
    }
}

} // namespace sig2pid::engine
