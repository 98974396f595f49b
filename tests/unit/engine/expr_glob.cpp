// SPDX-License-Identifier: BSD-2-Clause
#include "engine/expr/glob.hpp"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sig2pid::engine {
namespace {

using expr::compile_glob;

bool matches(std::string_view pattern, std::string_view text) {
    const auto glob = compile_glob(pattern);
    EXPECT_TRUE(glob) << pattern;
    return glob && glob_match(glob->tokens, glob->sets, text);
}

/// Random text over an alphabet; the same for the same seed, on every machine.
class TextSource {
public:
    explicit TextSource(std::uint32_t seed) : random_(seed) {}

    std::string text(std::string_view alphabet, std::size_t longest) {
        std::string made;
        for (std::size_t left = random_() % (longest + 1); left > 0; --left) {
            made += alphabet[random_() % alphabet.size()];
        }
        return made;
    }

private:
    std::mt19937 random_;
};

/// Compares with fnmatch(3). A refused pattern must be one that fnmatch does not match either, unless it has a class
/// or collating element, which we refuse by choice.
void expect_as_fnmatch(std::string_view pattern_alphabet, std::string_view text_alphabet, std::uint32_t seed) {
    TextSource source(seed);
    int matched = 0;
    for (int i = 0; i < 50'000; ++i) {
        const std::string pattern = source.text(pattern_alphabet, 10);
        const auto glob = compile_glob(pattern);
        for (int j = 0; j < 4; ++j) {
            const std::string text = j == 0 ? pattern : source.text(text_alphabet, 6);
            const bool expected = fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
            matched += expected ? 1 : 0;
            if (glob) {
                ASSERT_EQ(glob_match(glob->tokens, glob->sets, text), expected) << pattern << " on " << text;
            } else if (!pattern.contains("[.") && !pattern.contains("[=") && !pattern.contains("[:")) {
                ASSERT_FALSE(expected) << pattern << " is refused but matches " << text;
            }
        }
    }
    EXPECT_GT(matched, 1000) << "the texts are too far from the patterns to prove anything";
}

TEST(ExprGlob, AgreesWithFnmatchOnStars) {
    expect_as_fnmatch("**?ab", "ab", 1);
}

TEST(ExprGlob, AgreesWithFnmatchOnSets) {
    expect_as_fnmatch("[[]]ab!^-*?", "ab[]!^-", 2);
}

TEST(ExprGlob, AgreesWithFnmatchOnBackslashes) {
    expect_as_fnmatch("[]ab\\\\-*!", "ab[]\\-", 3);
}

TEST(ExprGlob, AgreesWithFnmatchOnDotsSlashesAndHighBytes) {
    expect_as_fnmatch("[]-*?./\x80\xc3\xff", "./-\x80\xc3\xff", 4);
}

TEST(ExprGlob, AgreesWithFnmatchOnUnfinishedClasses) {
    expect_as_fnmatch("[[::]]ab-*", "[]:ab", 5);
}

TEST(ExprGlob, AgreesWithFnmatchOnEveryByteOfEveryClass) {
    for (const char* const name : {"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
                                   "space", "upper", "xdigit"}) {
        for (const char* const prefix : {"[[:", "[![:"}) {
            const std::string pattern = std::string(prefix) + name + ":]]";
            for (int byte = 1; byte < 256; ++byte) {
                const std::string text(1, static_cast<char>(byte));
                EXPECT_EQ(matches(pattern, text), fnmatch(pattern.c_str(), text.c_str(), 0) == 0) << pattern << byte;
            }
        }
    }
}

TEST(ExprGlob, TakesABracketWithoutEndAsAByte) {
    EXPECT_TRUE(matches("[a", "[a"));
    EXPECT_FALSE(matches("[a", "a"));
    EXPECT_TRUE(matches("x[!*", "x[!yz"));
    EXPECT_TRUE(matches("[]", "[]"));
}

TEST(ExprGlob, MergesStarsAndSharesSets) {
    const auto glob = compile_glob("**[ab]***[ba]*");
    ASSERT_TRUE(glob);
    using enum GlobToken::Kind;
    const std::vector<GlobToken> expected{{star, 0}, {set, 0}, {star, 0}, {set, 0}, {star, 0}};
    EXPECT_EQ(glob->tokens, expected);
    EXPECT_EQ(glob->sets.size(), 1U);
}

TEST(ExprGlob, NeverHasNulAsAMember) {
    const auto glob = compile_glob("[!a]");
    ASSERT_TRUE(glob);
    EXPECT_EQ(glob->sets.at(0)[0] & 1U, 0U);
}

} // namespace
} // namespace sig2pid::engine
