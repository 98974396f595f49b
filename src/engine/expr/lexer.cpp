// SPDX-License-Identifier: BSD-2-Clause
#include "engine/expr/lexer.hpp"
#include "engine/expr/describe.hpp"
#include "engine/expr/number.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace sig2pid::engine::expr {
namespace {

using Kind = Token::Kind;

// <cctype> would ask the locale.
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct Operator {
    std::string_view lexeme;
    Kind kind;
};

/// The longer before those they begin with.
constexpr std::array operators{
    Operator{"==", Kind::equal},         Operator{"!=", Kind::not_equal},  Operator{"<=", Kind::less_equal},
    Operator{">=", Kind::greater_equal}, Operator{"=~", Kind::glob},       Operator{"&&", Kind::logical_and},
    Operator{"||", Kind::logical_or},    Operator{"<", Kind::less},        Operator{">", Kind::greater},
    Operator{"&", Kind::mask},           Operator{"!", Kind::logical_not}, Operator{"(", Kind::open},
    Operator{")", Kind::close},          Operator{"[", Kind::open_list},   Operator{"]", Kind::close_list},
    Operator{",", Kind::comma},
};

std::string hint_for_byte(char byte) {
    switch (byte) {
    case '=':
        return "write == to compare";
    case '|':
        return "write || for 'or'";
    case '\'':
        return "text goes in double quotes";
    case '~':
        return "write =~ to match a shell glob";
    case '+':
    case '-':
    case '*':
    case '/':
        return "there is no arithmetic";
    default:
        return {};
    }
}

std::optional<unsigned> hex_digit(char c) {
    if (is_digit(c)) {
        return static_cast<unsigned>(c - '0');
    }
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f') {
        return static_cast<unsigned>(lower - 'a' + 10);
    }
    return std::nullopt;
}

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Token next() {
        while (at_ < text_.size() && is_space(text_[at_])) {
            ++at_;
        }
        start_ = at_;
        if (at_ == text_.size()) {
            return token(Kind::end);
        }
        const char first = text_[at_];
        if (first == '"') {
            return string();
        }
        if (is_digit(first) || (first == '-' && is_digit(peek(1)))) {
            return number();
        }
        return is_letter(first) ? name() : punctuation();
    }

private:
    /// The byte that far ahead, NUL past the end. (A NUL in the text fits nowhere either.)
    [[nodiscard]] char peek(std::size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

    [[nodiscard]] Token token(Kind kind) const {
        Token made;
        made.kind = kind;
        made.column = start_ + 1;
        made.lexeme = text_.substr(start_, at_ - start_);
        return made;
    }

    [[nodiscard]] static Token error(std::size_t offset, std::string problem, std::string hint = {}) {
        Token made;
        made.kind = Kind::error;
        made.column = offset + 1;
        made.text = std::move(problem);
        made.hint = std::move(hint);
        return made;
    }

    Token name() {
        while (is_letter(peek(0)) || is_digit(peek(0))) {
            ++at_;
        }
        return token(Kind::name);
    }

    Token number() {
        ++at_;
        while (is_letter(peek(0)) || is_digit(peek(0)) || peek(0) == '.') {
            ++at_;
        }
        Token made = token(Kind::integer);
        auto value = parse_number(made.lexeme);
        if (!value) {
            return error(start_, std::move(value.error().problem), std::move(value.error().hint));
        }
        made.number = *value;
        return made;
    }

    Token punctuation() {
        const auto rest = text_.substr(at_);
        const auto* const found =
            std::ranges::find_if(operators, [&](const Operator& op) { return rest.starts_with(op.lexeme); });
        if (found == operators.end()) {
            return error(at_, "unexpected " + quoted(rest.substr(0, 1)), hint_for_byte(rest[0]));
        }
        at_ += found->lexeme.size();
        return token(found->kind);
    }

    Token string() {
        std::string value;
        ++at_;
        while (at_ < text_.size() && text_[at_] != '"') {
            const std::size_t offset = at_;
            const auto byte = character();
            if (!byte) {
                return error(offset, "unknown escape in a string", R"(the escapes are \" \\ \n \t \xNN)");
            }
            if (*byte == '\0') {
                return error(offset, "a string cannot hold a NUL");
            }
            value += *byte;
        }
        if (at_ == text_.size()) {
            return error(start_, "the string has no end", "close it with a double quote");
        }
        ++at_;
        Token made = token(Kind::string);
        made.text = std::move(value);
        return made;
    }

    /// One byte of a string; nullopt if it is an escape that does not exist.
    std::optional<char> character() {
        const char byte = text_[at_++];
        if (byte != '\\') {
            return byte;
        }
        const char escape = peek(0);
        ++at_;
        switch (escape) {
        case '"':
        case '\\':
            return escape;
        case 'n':
            return '\n';
        case 't':
            return '\t';
        case 'x':
            return hex_byte();
        default:
            return std::nullopt;
        }
    }

    std::optional<char> hex_byte() {
        const auto high = hex_digit(peek(0));
        const auto low = hex_digit(peek(1));
        if (!high || !low) {
            return std::nullopt;
        }
        at_ += 2;
        return static_cast<char>(*high << 4U | *low);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t start_ = 0;
};

} // namespace

std::vector<Token> tokenize(std::string_view text) {
    Lexer lexer(text);
    std::vector<Token> tokens;
    do {
        tokens.push_back(lexer.next());
    } while (tokens.back().kind != Kind::end && tokens.back().kind != Kind::error);
    return tokens;
}

} // namespace sig2pid::engine::expr
