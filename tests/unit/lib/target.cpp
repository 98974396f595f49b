// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/target.hpp>

#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid {
namespace {

using Kind = Condition::Kind;

Target parse(std::string_view text) {
    Result<Target> target = Target::parse(text);
    EXPECT_TRUE(target) << text << ": " << target.error().message();
    return *target;
}

Condition only_condition(std::string_view text) {
    const Target target = parse(text);
    EXPECT_EQ(target.conditions().size(), 1U) << text;
    return target.conditions().front();
}

TEST(Target, ReadsAPid) {
    EXPECT_EQ(std::get<int>(only_condition("1234").operand), 1234);
    EXPECT_EQ(std::get<int>(only_condition("4194304").operand), 4'194'304);
    EXPECT_EQ(only_condition("1234").kind, Kind::pid);
}

TEST(Target, ReadsATokenAndADescriptor) {
    EXPECT_EQ(std::get<Token>(only_condition("12:34").operand), (Token{12, 34, std::nullopt}));
    EXPECT_EQ(std::get<Token>(only_condition("12:34:0000000f").operand), (Token{12, 34, 15}));
    EXPECT_EQ(std::get<int>(only_condition("fd:3").operand), 3);
    EXPECT_EQ(parse("fd:3").text(), "fd:3");
}

struct Word {
    const char* text;
    Kind kind;
    const char* value;
};

TEST(Target, ReadsEachWord) {
    for (const Word& word : {Word{"name:nginx", Kind::name, "nginx"},
                             Word{"name:123", Kind::name, "123"},
                             Word{"name:a:b", Kind::name, "a:b"},
                             Word{"cmd:^x .*y$", Kind::cmd, "^x .*y$"},
                             Word{"exe:/bin/sh", Kind::exe, "/bin/sh"},
                             Word{"user:0", Kind::user, "0"},
                             Word{"cgroup:/a", Kind::cgroup, "/a"},
                             Word{"unit:a.service", Kind::unit, "a.service"},
                             Word{"pidfile:/run/x", Kind::pidfile, "/run/x"},
                             Word{"child-of:1", Kind::child_of, "1"},
                             Word{"tree:name:sh", Kind::tree, "name:sh"},
                             Word{"group:7", Kind::group, "7"},
                             Word{"session:7", Kind::session, "7"},
                             Word{"state:ST", Kind::state, "ST"},
                             Word{"tty:pts/0", Kind::tty, "pts/0"},
                             Word{"ns:7", Kind::ns, "7"},
                             Word{"ns:net:7", Kind::ns, "net:7"},
                             Word{"older:2m", Kind::older, "2m"},
                             Word{"newer:10s", Kind::newer, "10s"},
                             Word{"env:A=", Kind::env, "A="},
                             Word{"handles:HUP", Kind::handles, "HUP"}}) {
        const Condition condition = only_condition(word.text);
        EXPECT_EQ(condition.kind, word.kind) << word.text;
        EXPECT_EQ(condition.value, word.value) << word.text;
        EXPECT_EQ(condition.text, word.text);
    }
}

TEST(Target, JoinsConditionsByCommas) {
    const Target target = parse("name:nginx,user:www-data,4711");
    ASSERT_EQ(target.conditions().size(), 3U);
    EXPECT_EQ(target.conditions()[1].value, "www-data");
    EXPECT_EQ(target.conditions()[2].kind, Kind::pid);
}

TEST(Target, TakesACommaAfterABackslashForPartOfTheValue) {
    EXPECT_EQ(only_condition("name:a\\,b").value, "a,b");
    EXPECT_EQ(only_condition("cmd:a\\.b{1\\,2}").value, "a\\.b{1,2}");
    const Condition tree = only_condition("tree:name:a\\\\,b\\,user:0");
    const Target& nested = *std::get<std::shared_ptr<const Target>>(tree.operand);
    ASSERT_EQ(nested.conditions().size(), 2U);
    EXPECT_EQ(nested.conditions()[0].value, "a,b");
    EXPECT_EQ(nested.conditions()[1].kind, Kind::user);
}

TEST(Target, KnowsWhichNameOneProcess) {
    for (const char* text : {"1", "1:2", "fd:3"}) {
        EXPECT_TRUE(parse(text).is_explicit() && parse(text).names_one()) << text;
    }
    EXPECT_TRUE(parse("pidfile:x").names_one());
    EXPECT_FALSE(parse("pidfile:x").is_explicit());
    for (const char* text : {"name:x", "1,user:0", "tree:1"}) {
        EXPECT_FALSE(parse(text).names_one()) << text;
        EXPECT_EQ(resolve(parse(text)).error().reason, Reason::bad_input);
    }
}

struct BadTarget {
    const char* text;
    std::size_t column;
};

TEST(Target, PointsAtWhatIsWrong) {
    for (const BadTarget& bad : {BadTarget{"", 1},
                                 BadTarget{"0", 1},
                                 BadTarget{"00", 1},
                                 BadTarget{"-1", 1},
                                 BadTarget{"-77", 1},
                                 BadTarget{"--", 1},
                                 BadTarget{"4194305", 1},
                                 BadTarget{"99999999999999999999", 1},
                                 BadTarget{"abc", 1},
                                 BadTarget{"12x", 3},
                                 BadTarget{" 12", 1},
                                 BadTarget{"12 ", 3},
                                 BadTarget{"fd:", 4},
                                 BadTarget{"fd:-1", 4},
                                 BadTarget{"fd:x", 4},
                                 BadTarget{"12:x", 4},
                                 BadTarget{"nam:nginx", 1},
                                 BadTarget{"name:", 6},
                                 BadTarget{"name", 5},
                                 BadTarget{"name:a,", 8},
                                 BadTarget{",", 1},
                                 BadTarget{"name:a,use:b", 8},
                                 BadTarget{"1,0", 3},
                                 BadTarget{"1,2:x", 5},
                                 BadTarget{"cmd:a(b", 8},
                                 BadTarget{"cmd:\\,\\,(", 10},
                                 BadTarget{"exe:sh", 5},
                                 BadTarget{"group:0", 7},
                                 BadTarget{"group:4194305", 7},
                                 BadTarget{"state:SQ", 8},
                                 BadTarget{"ns:xyz:1", 4},
                                 BadTarget{"ns:net:x", 8},
                                 BadTarget{"older:5", 8},
                                 BadTarget{"env:A", 5},
                                 BadTarget{"env:=x", 5},
                                 BadTarget{"handles:NO", 9},
                                 BadTarget{"tree:name:a\\,use:x", 14},
                                 BadTarget{"tree:tree:tree:x", 16},
                                 BadTarget{"tree:tree:tree:tree:tree:tree:tree:tree:1", 41}}) {
        const Result<Target> target = Target::parse(bad.text);
        ASSERT_FALSE(target) << bad.text;
        EXPECT_EQ(target.error().code, EINVAL) << bad.text;
        EXPECT_EQ(target.error().reason, Reason::bad_input) << bad.text;
        EXPECT_EQ(target.error().column, bad.column) << bad.text;
    }
}

TEST(Target, SaysWhichWordANegativeNumberStandsFor) {
    EXPECT_NE(Target::parse("-77").error().context.find("group:77"), std::string::npos);
    EXPECT_NE(Target::parse("0").error().context.find("group:"), std::string::npos);
}

} // namespace
} // namespace sig2pid
