// SPDX-License-Identifier: BSD-2-Clause
#include "engine/expr/glob.hpp"
#include "engine/expr/bracket.hpp"
#include "engine/expr/describe.hpp"

#include <algorithm>
#include <bit>

namespace sig2pid::engine::expr {
namespace {

using Done = std::expected<void, Complaint>;

class Compiler {
public:
    explicit Compiler(std::string_view pattern) : rest_(pattern) {}

    std::expected<Glob, Complaint> run() {
        while (!rest_.empty()) {
            if (auto done = step(); !done) {
                return std::unexpected(std::move(done.error()));
            }
        }
        if (glob_.tokens.size() > Predicate::max_glob) {
            return std::unexpected(Complaint{"the pattern has " + std::to_string(glob_.tokens.size()) +
                                                 " characters and wildcards, " + std::to_string(Predicate::max_glob) +
                                                 " are the limit",
                                             "shorten it with *"});
        }
        return std::move(glob_);
    }

private:
    Done step() {
        const char byte = rest_.front();
        if (byte == '[') {
            return bracket();
        }
        rest_.remove_prefix(1);
        if (byte == '\\') {
            return escaped();
        }
        if (byte == '?') {
            add(GlobToken::any);
        } else if (byte != '*') {
            add(GlobToken::literal, byte);
        } else if (glob_.tokens.empty() || glob_.tokens.back().kind != GlobToken::star) {
            add(GlobToken::star);
        }
        return {};
    }

    Done escaped() {
        if (rest_.empty()) {
            return std::unexpected(Complaint{"the pattern ends in a backslash and never matches", R"(write \\\\)"});
        }
        add(GlobToken::literal, rest_.front());
        rest_.remove_prefix(1);
        return {};
    }

    Done bracket() {
        auto bracket = parse_bracket(rest_);
        if (!bracket) {
            return std::unexpected(std::move(bracket.error()));
        }
        if (bracket->length == 0) {
            add(GlobToken::literal, '[');
            rest_.remove_prefix(1);
            return {};
        }
        rest_.remove_prefix(bracket->length);
        return add_set(bracket->members);
    }

    Done add_set(const ByteSet& set) {
        if (set == ByteSet{}) {
            return std::unexpected(Complaint{"a [ ] in the pattern has no members and never matches", {}});
        }
        const std::size_t index = intern(glob_.sets, set);
        if (index >= Predicate::max_sets) {
            return std::unexpected(
                Complaint{"the pattern has more than " + std::to_string(Predicate::max_sets) + " different [ ]",
                          "use ? for some"});
        }
        add(GlobToken::set, static_cast<char>(index));
        return {};
    }

    void add(GlobToken::Kind kind, char arg = 0) { glob_.tokens.push_back({kind, static_cast<std::uint8_t>(arg)}); }

    std::string_view rest_;
    Glob glob_;
};

bool matches_one(const GlobToken& token, std::span<const ByteSet> sets, char text) {
    const auto byte = static_cast<std::uint8_t>(text);
    switch (token.kind) {
    case GlobToken::literal:
        return token.arg == byte;
    case GlobToken::any:
        return true;
    case GlobToken::set:
        return (sets[token.arg][byte / 64U] >> (byte % 64U) & 1U) != 0;
    case GlobToken::star:
        break;
    }
    return false;
}

} // namespace

std::size_t Glob::shortest() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(tokens, [](const GlobToken& token) { return token.kind != GlobToken::star; }));
}

std::size_t intern(std::vector<ByteSet>& sets, const ByteSet& set) {
    const auto found = std::ranges::find(sets, set);
    const auto index = static_cast<std::size_t>(found - sets.begin());
    if (found == sets.end()) {
        sets.push_back(set);
    }
    return index;
}

std::expected<Glob, Complaint> compile_glob(std::string_view pattern) {
    return Compiler(pattern).run();
}

} // namespace sig2pid::engine::expr

namespace sig2pid::engine {

bool glob_match(std::span<const GlobToken> glob, std::span<const ByteSet> sets, std::string_view text) {
    constexpr std::size_t none = ~std::size_t{0};
    std::size_t at = 0;
    std::size_t token = 0;
    std::size_t after_star = none; // the token after the last star met
    std::size_t resume = 0;        // where the text goes on if that star takes one byte more
    while (at < text.size()) {
        if (token < glob.size() && glob[token].kind == GlobToken::star) {
            after_star = ++token;
            resume = at;
        } else if (token < glob.size() && expr::matches_one(glob[token], sets, text[at])) {
            ++token;
            ++at;
        } else if (after_star != none) {
            token = after_star;
            at = ++resume;
        } else {
            return false;
        }
    }
    while (token < glob.size() && glob[token].kind == GlobToken::star) {
        ++token;
    }
    return token == glob.size();
}

} // namespace sig2pid::engine
