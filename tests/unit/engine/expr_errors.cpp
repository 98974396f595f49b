// SPDX-License-Identifier: BSD-2-Clause
#include "expr_event.hpp"

namespace sig2pid::engine {
namespace {

struct ErrorCase {
    std::string text;
    std::size_t column;
    const char* words; ///< part of the message that a user relies on
};

void check_errors(std::initializer_list<ErrorCase> cases) {
    for (const ErrorCase& c : cases) {
        const ExpressionError error = error_of(c.text);
        EXPECT_EQ(error.column, c.column) << c.text << ": " << error.message();
        EXPECT_TRUE(error.message().contains(c.words)) << c.text << ": " << error.message();
    }
}

TEST(ExprErrors, JoinColumnProblemAndHint) {
    EXPECT_EQ(error_of("code && comn == 1").message(), "column 9: unknown field 'comn'; did you mean 'comm'?");
    EXPECT_EQ(error_of("level == 300").message(), "column 10: 300 is out of range: 'level' is 0 to 255");
}

TEST(ExprErrors, NameTheNearestField) {
    check_errors({
        {"cod == 1", 1, "did you mean 'code'"},
        {"flag & 1", 1, "did you mean 'flags'"},
        {"ofset == 1", 1, "did you mean 'offset'"},
        {"zebra == 1", 1, "the fields are code, flags"},
        {"comm == worker", 9, "text goes in double quotes"},
        {"code and core", 6, "unexpected 'and'"},
        {"not core", 1, "write !"},
    });
    EXPECT_EQ(Expression::parse("x", {}).error().hint, "the event has no fields; text goes in double quotes");
}

TEST(ExprErrors, NameTheElementsOfAnArray) {
    check_errors({
        {"args == 1", 1, "'args' is an array; name an element"},
        {"args", 1, "'args' is an array"},
        {"args & 1", 1, "'args' is an array"},
        {"args in [1, 2]", 1, "'args' is an array"},
        {"args[3] == 1", 6, "there is no args[3]; the elements are args[0] to args[2]"},
        {"args[-1] == 1", 6, "there is no args[-1]"},
        {"args[18446744073709551615] == 1", 6, "the elements are"},
        {"args[] == 1", 6, "the index of an element"},
        {"args[code] == 1", 6, "the index of an element"},
        {"args[\"1\"] == 1", 6, "the index of an element"},
        {"args[1 == 1", 8, "']'"},
        {"args[1", 7, "']'"},
        {"args[", 6, "the index of an element is missing"},
        {"args[0][1] == 1", 8, "unexpected '['"},
        {"code[0] == 1", 5, "unexpected '['"},
        {"args[0] == \"x\"", 12, "'args[0]' is an integer"},
        {"args[0] == 4294967296", 12, "'args[0]' is -2147483648 to 2147483647"},
    });
}

TEST(ExprErrors, TellWhatIsMissing) {
    check_errors({
        {"", 1, "empty"},
        {"  \t\n", 5, "empty"},
        {"code ==", 8, "missing at the end"},
        {"code == 1 &&", 13, "missing at the end"},
        {"(code == 1", 11, "')' is missing; the '(' is at column 1"},
        {"(code == 1]", 11, "')' belongs here"},
        {"!", 2, "missing at the end"},
        {"()", 2, "unexpected ')'"},
        {"&& code", 1, "unexpected '&&'"},
        {"comm =~", 8, "a pattern in double quotes is missing"},
        {"code in", 8, "a list, [1, 2] for one, is missing"},
        {"code in [", 10, "a number or a string is missing"},
        {"code in [1", 11, "',' or ']' is missing"},
    });
}

TEST(ExprErrors, RefuseWhatFollowsACondition) {
    check_errors({
        {"code == 1 2", 11, "unexpected '2'"},
        {"code == 1)", 10, "there is no '(' for it"},
        {"code core", 6, "&& or ||"},
        {"code !in [1]", 6, "'!' goes before a condition"},
        {"code -1", 6, "unexpected '-1'"},
        {"code [1]", 6, "after 'in'"},
    });
}

TEST(ExprErrors, RefuseWhatIsNoToken) {
    check_errors({
        {"code = 1", 6, "write =="},
        {"code | 1", 6, "write ||"},
        {"code == 1 + 1", 11, "no arithmetic"},
        {"code == - 1", 9, "no arithmetic"},
        {"comm == 'x'", 9, "double quotes"},
        {"comm ~ \"x\"", 6, "write =~"},
        {"code == 1 # x", 11, "unexpected '#'"},
        {std::string("code\0", 5), 5, R"('\x00')"},
        {"code \x80", 6, R"('\x80')"},
        {"code == 1.5s", 9, "no fractions"},
        {"code == 09", 9, "octal"},
        {"code == 5q", 9, "units are"},
    });
}

TEST(ExprErrors, RefuseBadStrings) {
    check_errors({
        {R"(comm == "abc)", 9, "no end"},
        {R"(comm == "abc\")", 9, "no end"},
        {R"(comm == "a\q")", 11, "escape"},
        {R"(comm == "\x4")", 10, "escape"},
        {R"(comm == "\)", 10, "escape"},
        {R"(comm == "a\x00")", 11, "NUL"},
        {std::string("comm == \"a\0\"", 12), 11, "NUL"},
    });
}

TEST(ExprErrors, ReportTheFirstMistakeInReadingOrder) {
    check_errors({
        {"zebra == 1 && $", 1, "unknown field"},
        {"code == \"x\" && 5q", 9, "a string"},
        {"code == $ && zebra", 9, "unexpected '$'"},
    });
}

TEST(ExprErrors, RefuseMixedTypes) {
    check_errors({
        {"comm == 5", 9, "text goes in double quotes: \"5\""},
        {"5 == comm", 1, "'comm' is a string, 5 is an integer"},
        {"code == \"5\"", 9, "'code' is an integer, '5' is a string"},
        {"core == 1", 9, "write true or false"},
        {"code == true", 9, "true is a boolean"},
        {"code == comm", 9, "'comm' is a string"},
        {"core == code", 9, "'code' is an integer"},
        {"comm < \"x\"", 6, "has no order"},
        {"comm >= path", 6, "has no order"},
        {"core < true", 6, "has no order"},
        {"code =~ \"x\"", 1, "'=~' needs a string field"},
        {"\"*\" =~ comm", 8, "a pattern in double quotes"},
        {R"("*" =~ "x")", 1, "the pattern goes to the right"},
        {"code in [1, \"x\"]", 13, "a string"},
        {"comm in [1]", 10, "an integer"},
        {"code in [core]", 10, "a number or a string"},
        {"code in []", 10, "a number or a string"},
        {"code in 5", 9, "a list"},
        {"5 in [5]", 1, "'in' needs a field"},
    });
}

TEST(ExprErrors, RefuseLiteralsThatCanNeverMatch) {
    check_errors({
        {"flags == -1", 10, "0 to 4294967295"},
        {"level < 300", 9, "0 to 255"},
        {"300 > level", 1, "0 to 255"},
        {"code == 0xffffffff", 9, "-2147483648 to 2147483647"},
        {"code in [1, 3000000000]", 13, "out of range"},
        {"flags & 0x40 == 1", 17, "'flags & 0x40' can never be 1"},
        {"flags & 3 > 4", 13, "0 to 3"},
        {"flags & 0x40 in [1]", 18, "can never be 1"},
        {R"(comm == "sixteen-bytes-xx")", 9, "holds at most 15 bytes, this needs 16"},
        {R"(comm =~ "sixteen-bytes-x*x")", 9, "holds at most 15 bytes, this needs 16"},
        {R"(comm =~ "a\\")", 9, "backslash"},
        {R"(comm =~ "[b-a]")", 9, "no members"},
        {R"(comm =~ "[[:foo:]]")", 9, "unknown character class"},
        {R"(comm =~ "[a-")", 9, "never matches"},
        {R"(comm =~ "[[.a.]]")", 9, "not supported"},
        {R"(comm =~ "[a-[:x]]")", 9, "ends in [:"},
    });
}

TEST(ExprErrors, RefuseMasksThatMakeNoSense) {
    check_errors({
        {"level & 256", 9, "0 to 255"},
        {"level & -1", 9, "0 to 255"},
        {"level & 0", 9, "without bits"},
        {"level & 1 & 2", 13, "without bits"},
        {"comm & 1", 1, "needs an integer field and a number"},
        {"core & 1", 1, "needs an integer field and a number"},
        {"code & flags", 1, "needs an integer field and a number"},
        {"1 & 3", 1, "needs an integer field and a number"},
        {"code & core", 1, "&&"},
        {"code & 1 == flags & 1", 13, "only one side"},
    });
}

TEST(ExprErrors, RefuseFieldsWithoutACommonType) {
    check_errors({
        {"size > offset", 6, "one is signed"},
        {"code == size", 6, "one is signed"},
    });
}

TEST(ExprErrors, RefuseConditionsWithoutAField) {
    check_errors({
        {"true", 1, "alone is no condition"},
        {"core && 1", 9, "alone is no condition"},
        {"!0", 2, "alone is no condition"},
        {"1 == 1", 1, "needs a field"},
        {R"("a" == "a")", 1, "needs a field"},
        {"comm", 1, "write comm != \"\""},
        {"core || comm", 9, "not a condition"},
    });
}

TEST(ExprErrors, RefuseChainedComparisons) {
    check_errors({
        {"1 < code < 5", 10, "a < b && b < c"},
        {"code == 1 == core", 11, "chained"},
        {"code == 1 in [1]", 11, "chained"},
        {"(code < 1) == core", 1, "a condition cannot be compared"},
        {"core == (code < 1)", 9, "a condition cannot be compared"},
        {"(code && core) & 1", 1, "a condition cannot be compared"},
    });
}

TEST(ExprErrors, RefuseAnAmbiguousNot) {
    check_errors({
        {"!code == 1", 7, "!(a == b)"},
        {"!flags & 1", 8, "!(a == b)"},
        {"!comm == \"x\"", 2, "not a condition"},
        {"!code in [1]", 7, "!(a == b)"},
    });
}

TEST(ExprErrors, ShowBytesThatATerminalWouldObey) {
    EXPECT_EQ(error_of("code == \"\\x1b[2J\"").problem, R"('code' is an integer, '\x1b[2J' is a string)");
}

} // namespace
} // namespace sig2pid::engine
