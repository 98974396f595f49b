// SPDX-License-Identifier: BSD-2-Clause
#include "engine/expr/bracket.hpp"
#include "engine/expr/describe.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace sig2pid::engine::expr {
namespace {

struct ByteRange {
    unsigned char first;
    unsigned char last;
};

/// The C locale's classes; <cctype> would ask the current one.
struct CharacterClass {
    std::string_view name;
    std::array<ByteRange, 4> ranges; ///< {1, 0} is empty
};

constexpr ByteRange empty{1, 0};
constexpr std::array classes{
    CharacterClass{"alnum", {{{'0', '9'}, {'A', 'Z'}, {'a', 'z'}, empty}}},
    CharacterClass{"alpha", {{{'A', 'Z'}, {'a', 'z'}, empty, empty}}},
    CharacterClass{"blank", {{{'\t', '\t'}, {' ', ' '}, empty, empty}}},
    CharacterClass{"cntrl", {{{1, 0x1f}, {0x7f, 0x7f}, empty, empty}}},
    CharacterClass{"digit", {{{'0', '9'}, empty, empty, empty}}},
    CharacterClass{"graph", {{{'!', '~'}, empty, empty, empty}}},
    CharacterClass{"lower", {{{'a', 'z'}, empty, empty, empty}}},
    CharacterClass{"print", {{{' ', '~'}, empty, empty, empty}}},
    CharacterClass{"punct", {{{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}}},
    CharacterClass{"space", {{{'\t', '\r'}, {' ', ' '}, empty, empty}}},
    CharacterClass{"upper", {{{'A', 'Z'}, empty, empty, empty}}},
    CharacterClass{"xdigit", {{{'0', '9'}, {'A', 'F'}, {'a', 'f'}, empty}}},
};

void add(ByteSet& set, ByteRange range) {
    for (unsigned byte = range.first; byte <= range.last; ++byte) {
        set[byte / 64] |= std::uint64_t{1} << (byte % 64);
    }
}

bool contains(const ByteSet& set, char byte) {
    const auto bit = static_cast<unsigned char>(byte);
    return (set[bit / 64U] >> (bit % 64U) & 1U) != 0;
}

void negate(ByteSet& set) {
    for (std::uint64_t& word : set) {
        word = ~word;
    }
    set[0] &= ~std::uint64_t{1};
}

std::unexpected<Complaint> no_end() {
    return std::unexpected(Complaint{"a [ in the pattern has no ] and never matches", R"(write \\[ for the byte)"});
}

class BracketParser {
public:
    explicit BracketParser(std::string_view pattern) : pattern_(pattern) {}

    std::expected<Bracket, Complaint> run() {
        const bool negated = peek() == '!' || peek() == '^';
        at_ += negated ? 1U : 0U;
        // A ']' is a member if it comes first.
        for (bool first = true; at_ < pattern_.size() && (first || peek() != ']'); first = false) {
            if (auto done = member(); !done) {
                return std::unexpected(std::move(done.error()));
            }
        }
        if (at_ == pattern_.size()) {
            return Bracket{};
        }
        if (negated) {
            negate(members_);
        }
        return Bracket{members_, at_ + 1};
    }

private:
    using Done = std::expected<void, Complaint>;

    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
    }

    Done member() {
        if (peek() == '[' && peek(1) == ':') {
            if (const auto name = class_name()) {
                return character_class(*name);
            }
        }
        const auto first = byte();
        if (!first) {
            return std::unexpected(first.error());
        }
        if (peek() != '-' || peek(1) == ']') {
            add(members_, {*first, *first});
            return {};
        }
        ++at_;
        // glibc takes "[[x-" for plain bytes, since it tries the members one by one, but never matches "[x-".
        if (at_ == pattern_.size() && (*first == '[' || contains(members_, '['))) {
            return {};
        }
        // Whether this is a class or plain bytes, glibc decides differently from text to text.
        if (peek() == '[' && peek(1) == ':') {
            return std::unexpected(Complaint{"a range in the pattern ends in [:", R"(write \\[ for the byte)"});
        }
        const auto last = byte();
        if (!last) {
            return std::unexpected(last.error());
        }
        add(members_, {*first, *last});
        return {};
    }

    /// The name in "[:name:]"; nullopt if what stands here does not have that form and so is plain bytes.
    [[nodiscard]] std::optional<std::string_view> class_name() const {
        const std::string_view inside = pattern_.substr(at_ + 2);
        const std::size_t end = std::min(inside.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), inside.size());
        return inside.substr(end).starts_with(":]") ? std::optional(inside.substr(0, end)) : std::nullopt;
    }

    Done character_class(std::string_view name) {
        const auto* const found = std::ranges::find(classes, name, &CharacterClass::name);
        if (found == classes.end()) {
            return std::unexpected(Complaint{"unknown character class " + quoted(name) + " in the pattern",
                                             "there are alnum alpha blank cntrl digit graph lower print punct space "
                                             "upper xdigit"});
        }
        for (const ByteRange range : found->ranges) {
            add(members_, range);
        }
        at_ += name.size() + 4;
        return {};
    }

    /// One byte, perhaps behind a backslash.
    std::expected<unsigned char, Complaint> byte() {
        if (peek() == '[' && (peek(1) == '.' || peek(1) == '=')) {
            return std::unexpected(
                Complaint{"[. .] and [= =] are not supported in a pattern", R"(write \\[ for the byte)"});
        }
        at_ += peek() == '\\' ? 1U : 0U;
        if (at_ >= pattern_.size()) {
            return no_end();
        }
        return static_cast<unsigned char>(pattern_[at_++]);
    }

    std::string_view pattern_;
    std::size_t at_ = 1;
    ByteSet members_{};
};

} // namespace

std::expected<Bracket, Complaint> parse_bracket(std::string_view pattern) {
    return BracketParser(pattern).run();
}

} // namespace sig2pid::engine::expr
