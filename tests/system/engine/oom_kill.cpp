// SPDX-License-Identifier: BSD-2-Clause
#include "observed.hpp"

#include "engine/kernel.hpp"
#include "helpers/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

bool write_text(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    return file.good();
}

/// A memory cgroup with a limit and no swap, of either version; removed with this object.
class MemoryGroup {
public:
    explicit MemoryGroup(std::size_t bytes) {
        const std::string name = "/sig2pid-test-" + std::to_string(getpid());
        for (const auto& [mount, limit, swap] : places) {
            path_ = mount + name;
            if (mkdir(path_.c_str(), 0755) != 0) {
                why_ = path_ + ": " + std::strerror(errno);
                continue;
            }
            if (write_text(path_ + limit, std::to_string(bytes))) {
                // absent where swap is not accounted for
                write_text(path_ + swap, mount.ends_with("/memory") ? std::to_string(bytes) : "0");
                usable_ = true;
                return;
            }
            why_ = "no memory controller in " + path_;
            rmdir(path_.c_str());
        }
    }
    ~MemoryGroup() {
        if (usable_) {
            EXPECT_EQ(rmdir(path_.c_str()), 0) << std::strerror(errno);
        }
    }
    MemoryGroup(const MemoryGroup&) = delete;
    MemoryGroup& operator=(const MemoryGroup&) = delete;

    [[nodiscard]] bool usable() const { return usable_; }
    [[nodiscard]] const std::string& why() const { return why_; }
    [[nodiscard]] bool enter() const { return write_text(path_ + "/cgroup.procs", std::to_string(getpid())); }

private:
    struct Place {
        std::string mount, limit, swap;
    };
    static inline const std::array<Place, 2> places = {
        {{"/sys/fs/cgroup/memory", "/memory.limit_in_bytes", "/memory.memsw.limit_in_bytes"},
         {"/sys/fs/cgroup", "/memory.max", "/memory.swap.max"}}};

    std::string path_, why_;
    bool usable_ = false;
};

constexpr std::size_t memory_limit = std::size_t{32} << 20U;

/// Touches twice the limit.
int eat(const MemoryGroup& group) {
    if (!group.enter()) {
        return 1;
    }
    auto* memory = static_cast<char*>(
        mmap(nullptr, 2 * memory_limit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    for (std::size_t i = 0; memory != MAP_FAILED && i < 2 * memory_limit; i += 4096) {
        memory[i] = 1;
    }
    return 2;
}

/// VmRSS of this process.
std::uint64_t own_resident_kb() {
    std::ifstream status("/proc/self/status");
    std::uint64_t kilobytes = 0;
    for (std::string word; status >> word && word != "VmRSS:";) {
    }
    status >> kilobytes;
    return kilobytes;
}

class OomKill : public Engine {};

TEST_F(OomKill, tells_the_victim_its_memory_and_that_a_limit_was_the_reason) {
    const auto kernel = KernelFeatures::read();
    ASSERT_TRUE(kernel);
    if (!kernel->oom_victim_is_task) {
        GTEST_SKIP() << "the kernel tells its victim in Linux 6.9 and later, this is " << kernel_release();
    }
    const MemoryGroup group(memory_limit);
    if (!group.usable()) {
        GTEST_SKIP() << "no memory cgroup can be made: " << group.why();
    }
    pid_t victim = 0;
    const auto where = fmt::format("ppid == {} && rss_kb > 16K && !global", getpid());
    const auto outcome = watch(rule("oom-kill", where), [&] {
        test::Child child([&](const auto&) { return eat(group); });
        victim = child.pid();
        EXPECT_EQ(child.wait(), 128 + SIGKILL);
    });
    const auto matches = observed("oom-kill", outcome.reports);
    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].number("pid"), static_cast<std::uint64_t>(victim));
    // pages that it shares with the test, its text for one, are charged elsewhere
    EXPECT_GT(matches[0].number("rss_kb"), memory_limit / 1024 / 2);
    EXPECT_LT(matches[0].number("rss_kb"), memory_limit / 1024 * 3 + own_resident_kb());
    EXPECT_EQ(matches[0].number("global"), 0U);
}

} // namespace

} // namespace sig2pid::engine
