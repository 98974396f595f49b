// SPDX-License-Identifier: BSD-2-Clause
// What may be written to /proc/sig2pid, and what each bad line is answered.
#include "module.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <random>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

class Requests : public Module {
protected:
    const std::string self_ = std::to_string(::getpid());
    const std::string line_ = self_ + " 40\n";
};

TEST_F(Requests, WithoutAValueIsKill) {
    EXPECT_EQ(request(::getpid(), SIGUSR1), 0);
    const ReceivedSignal got = next(receiver_);
    EXPECT_EQ(got.signal, Signal(SIGUSR1));
    EXPECT_EQ(got.code, SI_USER);
    EXPECT_EQ(got.sender_pid, ::getpid());
    EXPECT_EQ(got.sender_uid, ::getuid());
}

TEST_F(Requests, WithAValueIsQueued) {
    for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN, std::int64_t{42}}) {
        EXPECT_EQ(request(::getpid(), realtime, value), 0);
        const ReceivedSignal got = next(receiver_);
        EXPECT_EQ(got.code, SI_QUEUE);
        EXPECT_EQ(got.sender_pid, ::getpid());
        EXPECT_EQ(got.value, static_cast<std::uint64_t>(value));
    }
}

TEST_F(Requests, AValueHasAllSixtyFourBits) {
    EXPECT_EQ(request(self_ + " 40 0xffffffffffffffff"), 0);
    EXPECT_EQ(next(receiver_).value, UINT64_MAX);
    EXPECT_EQ(request(self_ + " 40 18446744073709551615"), 0);
    EXPECT_EQ(next(receiver_).value, UINT64_MAX);
    EXPECT_EQ(request(self_ + " 40 18446744073709551616"), ERANGE);
    EXPECT_EQ(request(self_ + " 40 -9223372036854775809"), ERANGE);
}

TEST_F(Requests, SpacesAndAMissingNewlineAreNoMatter) {
    for (const std::string& text :
         {" " + self_ + " 40 7\n", self_ + "\t40\t7\n", "  " + self_ + "   40   7   \n", self_ + " 40 7"}) {
        EXPECT_EQ(request(text), 0) << text;
        EXPECT_EQ(next(receiver_).value, 7U);
    }
}

TEST_F(Requests, SignalZeroOnlyProbes) {
    EXPECT_EQ(request(::getpid(), 0), 0);
    EXPECT_EQ(request(::getpid(), 0, 5), 0);
    EXPECT_EQ(request(self_ + " 00"), 0);
    EXPECT_TRUE(is_quiet(receiver_));
}

struct Bad {
    std::string text;
    int error;
};

TEST_F(Requests, EachBadLineGetsItsErrorAndSendsNothing) {
    const std::string s = self_;
    const std::string nul(1, '\0');
    const Bad lines[] = {
        {"", EINVAL},
        {"\n", EINVAL},
        {" \n", EINVAL},
        {s, EINVAL},
        {s + "\n", EINVAL},
        {s + " 40 7 8\n", EINVAL},
        {s + " SIGUSR1\n", EINVAL},
        {"x 40\n", EINVAL},
        {s + "x 40\n", EINVAL},
        {s + " 40x\n", EINVAL},
        {s + " 40 x\n", EINVAL},
        {s + " 40 7.5\n", EINVAL},
        {s + " 40 -\n", EINVAL},
        {s + " 40 --7\n", EINVAL},
        {s + " 40 +7\n", EINVAL},
        {s + " +40\n", EINVAL},
        {"+" + s + " 40\n", EINVAL},
        {"-" + s + " 40\n", EINVAL},
        {"0 40\n", EINVAL},
        {"-1 40\n", EINVAL},
        {s + " -1\n", EINVAL},
        {s + " 65\n", EINVAL},
        {s + " 65 7\n", EINVAL},
        {s + " 2147483647\n", EINVAL},
        {s + " 2147483648\n", ERANGE},
        {"2147483648 40\n", ERANGE},
        {"4294967297 40\n", ERANGE},
        {"99999999999999999999999 40\n", ERANGE},
        {"2147483647 40\n", ESRCH},
        {s + " 40" + nul, EINVAL},
        {s + nul + " 40\n", EINVAL},
        {s + " 40\r\n", EINVAL},
        {s + ",40\n", EINVAL},
        {"0x" + s + " 40\n", EINVAL},
        {std::string(96, '1') + " 40\n", E2BIG},
        {s + " 40" + std::string(5000, ' ') + "\n", E2BIG},
        {std::string(1 << 20, 'x'), E2BIG},
    };
    for (const Bad& bad : lines) {
        EXPECT_EQ(request(bad.text), bad.error) << testing::PrintToString(bad.text.substr(0, 40));
    }
    EXPECT_TRUE(is_quiet(receiver_));
    EXPECT_EQ(counters()["sent"], 0U);
}

TEST_F(Requests, EachRefusalIsCounted) {
    EXPECT_EQ(request("bad\n"), EINVAL);
    EXPECT_EQ(request("bad\n"), EINVAL);
    EXPECT_EQ(request("2147483647 1\n"), ESRCH);
    EXPECT_EQ(request(line_), 0);
    next(receiver_);
    auto counted = counters();
    EXPECT_EQ(counted["sent"], 1U);
    EXPECT_EQ(counted["EINVAL"], 2U);
    EXPECT_EQ(counted["ESRCH"], 1U);
    EXPECT_EQ(counted["EPERM"], 0U);
}

TEST_F(Requests, SeveralLinesAreSentInOrder) {
    EXPECT_EQ(request(self_ + " 40 1\n" + self_ + " 40 2\n" + self_ + " 40 3\n"), 0);
    for (const unsigned value : {1U, 2U, 3U}) {
        EXPECT_EQ(next(receiver_).value, value);
    }
}

TEST_F(Requests, TheByteCountEndsBeforeTheBadLine) {
    const std::string good = self_ + " 40 1\n" + self_ + " 40 2\n";
    const UniqueFd fd = open_requests();
    const Written written = write_to(fd.get(), good + "bad\n" + self_ + " 40 4\n");
    EXPECT_EQ(written.bytes, static_cast<ssize_t>(good.size()));
    EXPECT_EQ(next(receiver_).value, 1U);
    EXPECT_EQ(next(receiver_).value, 2U);
    EXPECT_TRUE(is_quiet(receiver_));
    EXPECT_EQ(write_to(fd.get(), "bad\n" + self_ + " 40 4\n").error, EINVAL);
}

/// Two pages of which the second cannot be read.
class HalfReadable {
public:
    HalfReadable() : start_(static_cast<char*>(map())) { EXPECT_EQ(::mprotect(start_ + page, page, PROT_NONE), 0); }
    ~HalfReadable() { ::munmap(start_, 2 * page); }
    HalfReadable(const HalfReadable&) = delete;
    HalfReadable& operator=(const HalfReadable&) = delete;

    /// `text` at the end of what can be read.
    [[nodiscard]] char* put(std::string_view text) const {
        text.copy(start_ + page - text.size(), text.size());
        return start_ + page - text.size();
    }

    static constexpr std::size_t page = 4096;

private:
    static void* map() { return ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
    char* start_;
};

TEST_F(Requests, AFaultIsTheErrorOfTheLineItIsIn) {
    const HalfReadable memory;
    const UniqueFd fd = open_requests();
    const std::string good = self_ + " 40 1\n";
    EXPECT_EQ(::write(fd.get(), memory.put(good), good.size() + 100), static_cast<ssize_t>(good.size()));
    EXPECT_EQ(next(receiver_).value, 1U);
    EXPECT_EQ(::write(fd.get(), memory.put(self_ + " 40 1"), 100), -1);
    EXPECT_EQ(errno, EFAULT);
    EXPECT_EQ(::write(fd.get(), memory.put(""), 10), -1);
    EXPECT_EQ(errno, EFAULT);
    EXPECT_TRUE(is_quiet(receiver_));
}

TEST_F(Requests, AThreadsIdMeansItsProcessAsInKill) {
    EXPECT_EQ(request(::gettid(), realtime), 0);
    EXPECT_EQ(next(receiver_).code, SI_USER);
}

/// A line that is wrong for a reason of which it has several.
std::string malformed(std::mt19937& random, const std::string& self) {
    static const char* const words[] = {"x",  "-",       "+1",          "0x",   "1e3", "--1",
                                        "-0", "SIGTERM", "99999999999", "\x80", "7 7"};
    static const char* const ends[] = {"", "\n", " \n", "\t\n", "\r\n", "\v\n"};
    const auto pick = [&](unsigned bound) { return std::uniform_int_distribution<unsigned>(0, bound - 1)(random); };
    std::string text = pick(2) == 0 ? self + " " : "";
    for (unsigned i = 0; i < pick(4); i++) {
        text += std::to_string(pick(70)) + " ";
    }
    text += words[pick(std::size(words))] + std::string(" ");
    for (unsigned i = 0; i < pick(4); i++) {
        text.insert(pick(static_cast<unsigned>(text.size())), 1, static_cast<char>('!' + pick(15)));
    }
    return text + "x" + std::string(pick(3) == 0 ? pick(200) : 0, ' ') + ends[pick(std::size(ends))];
}

TEST_F(Requests, TenThousandMalformedLinesAreRefused) {
    std::mt19937 random(20260101); // NOLINT(cert-msc51-cpp): the same lines each time
    const UniqueFd fd = open_requests();
    for (int i = 0; i < 10'000; i++) {
        const std::string text = malformed(random, self_);
        const Written written = write_to(fd.get(), text);
        ASSERT_EQ(written.bytes, -1) << testing::PrintToString(text);
        ASSERT_TRUE(written.error == EINVAL || written.error == ERANGE || written.error == E2BIG)
            << written.error << testing::PrintToString(text);
    }
    auto counted = counters();
    EXPECT_EQ(counted["EINVAL"] + counted["ERANGE"] + counted["E2BIG"], 10'000U);
    EXPECT_EQ(counted["sent"], 0U);
    EXPECT_TRUE(is_quiet(receiver_));
}

TEST_F(Requests, TenThousandBuffersOfRandomBytesAreRefused) {
    std::mt19937 random(20260102); // NOLINT(cert-msc51-cpp): the same bytes each time
    const UniqueFd fd = open_requests();
    for (int i = 0; i < 10'000; i++) {
        std::string text(random() % 300, 'x');
        for (char& byte : text) {
            byte = static_cast<char>(random() | 0x80U); // no digit among them: no line can be right
        }
        ASSERT_EQ(write_to(fd.get(), text).bytes, -1);
    }
    EXPECT_EQ(counters()["sent"], 0U);
}

TEST(Mode, IsRootsUnlessTheParameterSaysOtherwise) {
    struct stat file{};
    {
        const Loaded module("sig2pid");
        ASSERT_EQ(::stat("/proc/sig2pid", &file), 0);
        EXPECT_EQ(file.st_mode & 0777U, 0200U);
    }
    EXPECT_EQ(load("sig2pid", "mode=0666"), EINVAL);
    EXPECT_EQ(load("sig2pid", "mode=07777"), EINVAL);
    EXPECT_NE(::stat("/proc/sig2pid", &file), 0);
}

} // namespace
} // namespace sig2pid::vm
