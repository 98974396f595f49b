// SPDX-License-Identifier: BSD-2-Clause
#include "expr_event.hpp"

namespace sig2pid::engine {
namespace {

struct ValueCase {
    const char* text;
    Event event;
    bool expected;
};

void check_values(std::initializer_list<ValueCase> cases) {
    for (const ValueCase& c : cases) {
        EXPECT_EQ(holds(c.text, c.event), c.expected) << c.text;
    }
}

TEST(ExprEvaluation, OrdersSignedIntegersAcrossZero) {
    check_values({
        {"code < 0", {.code = -1}, true},
        {"code < 0", {.code = 0}, false},
        {"code <= -1", {.code = -1}, true},
        {"code > -2", {.code = -1}, true},
        {"code >= -1", {.code = -2}, false},
        {"offset < 9223372036854775807", {.offset = INT64_MIN}, true},
        {"offset == -9223372036854775808", {.offset = INT64_MIN}, true},
    });
}

TEST(ExprEvaluation, OrdersUnsignedIntegersWithTheTopBit) {
    check_values({
        {"size > 1", {.size = UINT64_MAX}, true},
        {"size == 18446744073709551615", {.size = UINT64_MAX}, true},
        {"flags >= 0x80000000", {.flags = 0xffffffff}, true},
        {"level <= 255", {.level = 255}, true},
    });
}

TEST(ExprEvaluation, TakesTheLiteralOnEitherSide) {
    check_values({
        {"0 != code", {.code = 7}, true},
        {"5 < code", {.code = 7}, true},
        {"5 >= code", {.code = 7}, false},
        {"\"worker\" == comm", {.comm = "worker"}, true},
        {"false == core", {.core = true}, false},
        {"0x40 & flags", {.flags = 0x60}, true},
    });
}

TEST(ExprEvaluation, ReadsABareFieldAsNotZero) {
    check_values({
        {"code", {.code = -1}, true},
        {"code", {}, false},
        {"core", {.core = true}, true},
        {"!core", {.core = true}, false},
        {"!!code", {.code = 3}, true},
        {"flags & 0x40", {.flags = 0x41}, true},
        {"flags & 0x40", {.flags = 0x3f}, false},
    });
}

TEST(ExprEvaluation, MasksBeforeItCompares) {
    check_values({
        {"flags & 3 == 1", {.flags = 5}, true},
        {"(flags & 3) == 1", {.flags = 5}, true},
        {"1 == flags & 3", {.flags = 5}, true},
        {"flags & 7 & 12 == 4", {.flags = 0xff}, true},
        {"flags & 6 in [2, 4]", {.flags = 5}, true},
        {"code & 0xff == 255", {.code = -1}, true},
        {"code & -2 < 0", {.code = -1}, true},
        {"code & 0xffffffff > 5", {.code = -1}, true},
        {"offset & 0x8000000000000000", {.offset = -1}, true},
        {"offset & 0xffffffffffffffff > 5", {.offset = -1}, true},
    });
}

TEST(ExprEvaluation, BindsAndTighterThanOr) {
    check_values({
        {"core || code == 1 && level == 2", {.core = true}, true},
        {"(core || code == 1) && level == 2", {.core = true}, false},
        {"code == 1 && level == 2 || core", {.core = true}, true},
        {"!(core && code) || level", {.code = 1, .core = true}, false},
        {"!core || code", {.code = 1, .core = true}, true},
    });
}

TEST(ExprEvaluation, ComparesStringsByteByByte) {
    check_values({
        {R"(comm == "worker")", {.comm = "worker"}, true},
        {R"(comm == "work")", {.comm = "worker"}, false},
        {R"(comm != "")", {.comm = ""}, false},
        {R"(comm == "a\"\\\n\t\x41")", {.comm = "a\"\\\n\tA"}, true},
        {"path == \"/\xc3\xa4\"", {.path = "/\xc3\xa4"}, true},
        {"comm == path", {.comm = "x", .path = "x"}, true},
        {"comm != path", {.comm = "x", .path = "y"}, true},
    });
}

TEST(ExprEvaluation, MatchesGlobsAgainstTheWholeString) {
    check_values({
        {R"(path =~ "/etc/*.conf")", {.path = "/etc/a/b.conf"}, true},
        {R"(path =~ "/etc/*.conf")", {.path = "/etc/a.config"}, false},
        {R"(comm =~ "kworker/[0-9]*")", {.comm = "kworker/3:1"}, true},
        {R"(comm =~ "[!a-z]*")", {.comm = "worker"}, false},
        {R"(comm =~ "a\\*")", {.comm = "a*"}, true},
        {R"(comm =~ "a\\*")", {.comm = "ab"}, false},
        {R"(!(comm =~ "?") && comm =~ "??")", {.comm = "ab"}, true},
        {R"(comm =~ "")", {.comm = ""}, true},
    });
}

TEST(ExprEvaluation, FindsMembersOfLists) {
    check_values({
        {"code in [1, -2, 3]", {.code = -2}, true},
        {"code in [1, -2, 3]", {.code = 2}, false},
        {"!(code in [1])", {.code = 2}, true},
        {R"(comm in ["a", "b"])", {.comm = "b"}, true},
        {R"(comm in ["a", "b"] && code)", {.comm = "b"}, false},
        {"size in [64K, 2G]", {.size = 65536}, true},
    });
}

TEST(ExprEvaluation, ComparesFieldsOfDifferentWidthAndSign) {
    check_values({
        {"code < flags", {.code = -1, .flags = 0}, true},
        {"flags > code", {.code = -1, .flags = 0xffffffff}, true},
        {"offset >= flags", {.flags = 0xffffffff, .offset = 0xffffffff}, true},
        {"level == size", {.level = 3, .size = 3}, true},
        {"size < level", {.level = 3, .size = UINT64_MAX}, false},
        {"level == flags & 0xff", {.flags = 0x1ff, .level = 255}, true},
        {"level < flags & 0xff", {.flags = 0x1ff, .level = 254}, true},
        {"core == core", {.core = true}, true},
    });
}

TEST(ExprEvaluation, TakesAnElementOfAnArrayForAnInteger) {
    constexpr std::uint64_t minus_one = UINT64_MAX;
    check_values({
        {"args[0] == 7", {.args = {7, 8, 9}}, true},
        {"args[2] == 9", {.args = {7, 8, 9}}, true},
        {"args[2] == 7", {.args = {7, 8, 9}}, false},
        {"args[1] < 0", {.args = {0, minus_one, 0}}, true},
        {"args[0x1] & 8", {.args = {7, 8, 9}}, true},
        {"args[1]", {.args = {7, 0, 9}}, false},
        {"args[ 1 ] in [5, 8]", {.args = {7, 8, 9}}, true},
        {"args[0] < args[1]", {.args = {7, 8, 9}}, true},
        {"args[2] < args[1]", {.args = {7, 8, 9}}, false},
        {"code == args[2]", {.code = 9, .args = {7, 8, 9}}, true},
        {"args[2] == code", {.code = 8, .args = {7, 8, 9}}, false},
        {"code < args[1] & 12", {.code = 7, .args = {7, 8, 9}}, true},
    });
}

TEST(ExprEvaluation, ThrowsWhenAValueIsMissingOrOfTheWrongType) {
    const Predicate predicate = predicate_of("code == 1");
    EXPECT_THROW((void)evaluate(predicate, {}), std::bad_variant_access);
    const std::vector<FieldValue> wrong{FieldValue("text")};
    EXPECT_THROW((void)evaluate(predicate, wrong), std::bad_variant_access);
}

} // namespace
} // namespace sig2pid::engine
