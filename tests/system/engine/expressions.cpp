// SPDX-License-Identifier: BSD-2-Clause
// What the kernel sees when it judges a condition.
#include "observed.hpp"

#include "helpers/child.hpp"

#include <sig2pid/engine/expression.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

class Expressions : public Engine {};

/// unlinkat(2) of a path that is not there.
void unlink_nothing(const char* path) {
    EXPECT_EQ(syscall(SYS_unlinkat, -1, path, 0), -1); // libc's function takes no null pointer
}

std::string quoted(const std::string& text) {
    return '"' + text + '"';
}

TEST_F(Expressions, the_largest_condition_passes_the_verifier) {
    std::string condition = fmt::format("pid == {} && (", getpid());
    for (int i = 0; i < 16; i++) {
        // 64 tokens: 31 sets and a star between each, of eight different sets in all
        std::string pattern;
        for (int j = 0; j < 31; j++) {
            pattern += fmt::format("*[{}-f]", static_cast<char>('a' + (i + j) % 5));
        }
        condition += "pathname =~ " + quoted(pattern + "*" + static_cast<char>('A' + i)) + " || ";
    }
    for (int i = 0; i < 14; i++) {
        condition += i % 2 == 0 ? "comm == pathname || " : "cgroup == pathname || ";
    }
    const auto outcome = watch(rule("syscall:unlinkat", condition + "flag == 1)"), [] {
        unlink_nothing((std::string(250, 'f') + "x").c_str());
        unlink_nothing((std::string(250, 'f') + "P").c_str());
        unlink_nothing((std::string(30, 'f') + "P").c_str());
    });
    EXPECT_EQ(outcome.summary.matched, 1U);
}

TEST_F(Expressions, a_string_that_cannot_be_read_is_counted_as_unjudged) {
    auto* forbidden = static_cast<char*>(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(forbidden, MAP_FAILED);
    const auto outcome = watch(rule("syscall:unlinkat", fmt::format("pid == {} && pathname == \"x\"", getpid())), [&] {
        unlink_nothing(forbidden);
        unlink_nothing(nullptr);
        unlink_nothing("x");
        unlink_nothing("y");
    });
    munmap(forbidden, 4096);
    EXPECT_EQ(outcome.summary.unjudged, 2U);
    EXPECT_EQ(outcome.summary.matched, 1U);
}

TEST_F(Expressions, a_string_that_decides_nothing_need_not_be_readable) {
    const auto where = fmt::format("pid == {} && (flag == 5 || pathname == \"x\")", getpid());
    const auto outcome = watch(rule("syscall:unlinkat", where), [] { syscall(SYS_unlinkat, -1, nullptr, 5); });
    EXPECT_EQ(outcome.summary.unjudged, 0U);
    const auto matches = observed("syscall:unlinkat", outcome.reports);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_FALSE(matches[0].has("pathname"));
    EXPECT_EQ(matches[0].number("flag"), 5U);
}

TEST_F(Expressions, an_unreadable_page_behind_the_string_does_not_matter) {
    auto* pages = static_cast<char*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(pages, MAP_FAILED);
    ASSERT_EQ(mprotect(pages + 4096, 4096, PROT_NONE), 0);
    char* const last = pages + 4096 - 9;
    strcpy(last, "12345678");
    const auto where = fmt::format("pid == {} && pathname == \"12345678\"", getpid());
    const auto outcome = watch(rule("syscall:unlinkat", where), [&] { unlink_nothing(last); });
    munmap(pages, 8192);
    EXPECT_EQ(outcome.summary.matched, 1U);
    EXPECT_EQ(outcome.summary.unjudged, 0U);
}

std::uint64_t boot_ns() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

TEST_F(Expressions, time_is_that_of_the_event_and_never_goes_back) {
    const std::uint64_t before = boot_ns();
    const auto where = fmt::format("pid == {} && time >= {} && !(time < {})", getpid(), before, before);
    const auto outcome = watch(rule("syscall:unlinkat", where), [] {
        for (int i = 0; i < 50; i++) {
            unlink_nothing("x");
        }
    });
    const std::uint64_t after = boot_ns();
    const auto matches = observed("syscall:unlinkat", outcome.reports);
    ASSERT_EQ(matches.size(), 50U);
    std::uint64_t last = before;
    for (const auto& match : matches) {
        EXPECT_GE(match.number("time"), last);
        last = match.number("time");
    }
    EXPECT_LE(last, after);
}

TEST_F(Expressions, an_event_of_the_past_does_not_match) {
    const auto where = fmt::format("pid == {} && time < {}", getpid(), boot_ns());
    const auto outcome = watch(rule("syscall:unlinkat", where), [] { unlink_nothing("x"); });
    EXPECT_EQ(outcome.summary.matched, 0U);
}

TEST_F(Expressions, uid_is_the_real_one_of_the_thread) {
    const auto where = fmt::format("pid == {} && uid == 4242 && uid != {}", getpid(), getuid());
    const auto outcome = watch(rule("syscall:unlinkat", where), [] {
        unlink_nothing("x");
        // of this thread alone: glibc's function would change them all
        EXPECT_EQ(syscall(SYS_setresuid, 4242, -1, -1), 0);
        unlink_nothing("x");
    });
    const auto matches = observed("syscall:unlinkat", outcome.reports);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("uid"), 4242U);
}

TEST_F(Expressions, pid_tid_and_ppid_are_those_that_the_process_sees) {
    const auto where = fmt::format("ppid == {} && pid == tid && flag == 77", getpid());
    pid_t caller = 0;
    const auto outcome = watch(rule("syscall:unlinkat", where), [&] {
        syscall(SYS_unlinkat, -1, "x", 77); // not by a child
        test::Child child([](const auto&) {
            syscall(SYS_unlinkat, -1, "x", 77);
            return 0;
        });
        caller = child.pid();
        EXPECT_EQ(child.wait(), 0);
    });
    const auto matches = observed("syscall:unlinkat", outcome.reports);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("pid"), static_cast<std::uint64_t>(caller));
}

TEST_F(Expressions, a_string_too_long_to_read_whole_is_judged_only_by_what_was_read) {
    const std::string path(300, 'a');
    const auto matched = [&](const std::string& condition) {
        const auto outcome = watch(rule("syscall:unlinkat", "flag == 79 && " + condition),
                                   [&] { syscall(SYS_unlinkat, -1, path.c_str(), 79); });
        return std::pair(outcome.summary.matched, outcome.summary.unjudged);
    };
    const std::pair<std::uint64_t, std::uint64_t> yes = {1, 0};
    const std::pair<std::uint64_t, std::uint64_t> no = {0, 0};
    const std::pair<std::uint64_t, std::uint64_t> unknown = {0, 1};
    EXPECT_EQ(matched(R"(pathname =~ "aa*")"), yes);
    EXPECT_EQ(matched(R"(pathname == "aa")"), no);
    EXPECT_EQ(matched(R"(pathname =~ "*aa")"), unknown);
    EXPECT_EQ(matched(R"(pathname =~ "a*b*")"), unknown);
    EXPECT_EQ(matched("pathname == \"" + path.substr(0, 255) + "\""), unknown);
}

TEST_F(Expressions, two_strings_too_long_to_read_whole_are_equal_only_if_one_knows) {
    const auto matched = [&](const std::string& from, const std::string& to) {
        const auto where = fmt::format("flags == 79 && pid == {} && oldname == newname", getpid());
        const auto outcome = watch(rule("syscall:renameat2", where), [&] {
            syscall(SYS_renameat2, -1, from.c_str(), -1, to.c_str(), 79); // no such flags
        });
        return std::pair(outcome.summary.matched, outcome.summary.unjudged);
    };
    const std::pair<std::uint64_t, std::uint64_t> yes = {1, 0};
    const std::pair<std::uint64_t, std::uint64_t> no = {0, 0};
    const std::pair<std::uint64_t, std::uint64_t> unknown = {0, 1};
    const std::string full(255, 'a');
    const std::string longer(300, 'a');
    EXPECT_EQ(matched(full, full), yes);
    EXPECT_EQ(matched(longer, longer), unknown);
    EXPECT_EQ(matched(longer, longer + "b"), unknown);
    EXPECT_EQ(matched(longer, "b" + longer), no);
    EXPECT_EQ(matched(longer, full), no);
    EXPECT_EQ(matched(full, longer), no);
}

TEST_F(Expressions, time_is_the_same_wherever_an_event_tells_it) {
    auto text = rule("syscall:unlinkat", "flag == 80 && time == time");
    text.value = "time";
    const auto checked = Rule::check(text);
    ASSERT_TRUE(checked);
    const auto outcome = watch(text, [] {
        for (int i = 0; i < 20; i++) {
            syscall(SYS_unlinkat, -1, "x", 80);
        }
    });
    EXPECT_EQ(outcome.reports.size(), 20U);
    for (const auto& report : outcome.reports) {
        EXPECT_EQ(number(*checked, report, "time"), report.match.value);
    }
}

/// Where the v2 hierarchy is mounted, or nothing.
std::string cgroup2_mount() {
    std::ifstream mounts("/proc/self/mounts");
    std::string source;
    std::string place;
    std::string type;
    for (std::string rest; mounts >> source >> place >> type && std::getline(mounts, rest);) {
        if (type == "cgroup2") {
            return place;
        }
    }
    return {};
}

TEST_F(Expressions, cgroup_is_the_path_from_the_root_of_the_hierarchy) {
    const std::string mount = cgroup2_mount();
    const std::string name = "/sig2pid-test-" + std::to_string(getpid());
    if (mount.empty() || mkdir((mount + name).c_str(), 0755) != 0) {
        GTEST_SKIP() << "no writable cgroup2 hierarchy is mounted";
    }
    const std::string inner = name + "/inner-of-the-test";
    ASSERT_EQ(mkdir((mount + inner).c_str(), 0755), 0);
    const auto where = fmt::format("flag == 78 && cgroup =~ \"{}/inner*\" && cgroup != \"{}\"", name, name);
    const auto outcome = watch(rule("syscall:unlinkat", where), [&] {
        for (const auto& group : {std::string("/"), name, inner}) {
            test::Child child([&](const auto&) {
                std::ofstream(mount + group + "/cgroup.procs") << getpid() << std::flush;
                syscall(SYS_unlinkat, -1, "x", 78);
                return 0;
            });
            EXPECT_EQ(child.wait(), 0);
        }
    });
    EXPECT_EQ(rmdir((mount + inner).c_str()), 0);
    EXPECT_EQ(rmdir((mount + name).c_str()), 0);
    const auto matches = observed("syscall:unlinkat", outcome.reports);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].text("cgroup"), inner);
}

} // namespace

} // namespace sig2pid::engine
