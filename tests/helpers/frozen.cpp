// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/frozen.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

namespace sig2pid::test {
namespace {

constexpr const char* hierarchy = "/sys/fs/cgroup/freezer";

void write_file(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file) << text << std::flush;
}

std::string read_word(const std::filesystem::path& file) {
    std::string word;
    std::ifstream(file) >> word;
    return word;
}

void set_state(const std::filesystem::path& directory, const std::string& state) {
    write_file(directory / "freezer.state", state);
    for (int i = 0; i < 1'000'000 && read_word(directory / "freezer.state") != state; ++i) {
        ::sched_yield();
    }
    EXPECT_EQ(read_word(directory / "freezer.state"), state);
}

} // namespace

FrozenCgroup::FrozenCgroup(pid_t pid)
    : directory_(std::filesystem::path(hierarchy) / ("sig2pid-test-" + std::to_string(pid))) {
    std::filesystem::create_directory(directory_);
    write_file(directory_ / "cgroup.procs", std::to_string(pid));
    set_state(directory_, "FROZEN");
}

FrozenCgroup::~FrozenCgroup() {
    set_state(directory_, "THAWED");
    std::ifstream processes(directory_ / "cgroup.procs");
    for (std::string pid; processes >> pid;) {
        write_file(std::filesystem::path(hierarchy) / "cgroup.procs", pid);
    }
    // What was killed while frozen dies now, and the cgroup goes with it.
    for (int i = 0; i < 1'000'000 && ::rmdir(directory_.c_str()) != 0; ++i) {
        ::sched_yield();
    }
}

std::string FrozenCgroup::missing() {
    if (::geteuid() != 0) {
        return "needs root to make a cgroup";
    }
    return std::filesystem::exists(std::filesystem::path(hierarchy) / "cgroup.procs")
               ? ""
               : "needs a version 1 freezer cgroup";
}

} // namespace sig2pid::test
