// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/control_group.hpp"

#include "helpers/selected.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

namespace sig2pid::test {
namespace {

std::string mount_point() {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string device, point, type, rest; mounts >> device >> point >> type && std::getline(mounts, rest);) {
        if (type == "cgroup2") {
            return point;
        }
    }
    return "";
}

std::string make_group(const std::string& parent, const std::string& name) {
    std::error_code error;
    const std::string path = parent + "/" + name;
    return !parent.empty() && std::filesystem::create_directory(path, error) ? path : "";
}

bool is_populated(const std::string& path) {
    std::ifstream events(path + "/cgroup.events");
    std::string key;
    int value = 0;
    return events >> key >> value && value == 1;
}

} // namespace

ControlGroup::ControlGroup() : ControlGroup("sig2pid-" + own_name()) {}

ControlGroup::ControlGroup(const std::string& name) : path_(make_group(mount_point(), name)) {}

ControlGroup::ControlGroup(const ControlGroup& parent, const std::string& name)
    : path_(make_group(parent.path(), name)) {}

ControlGroup::~ControlGroup() {
    if (path_.empty()) {
        return;
    }
    while (is_populated(path_)) { // by what a failed test has left over
        std::ifstream members(path_ + "/cgroup.procs");
        for (pid_t pid = 0; members >> pid;) {
            ::kill(pid, SIGKILL);
        }
    }
    std::error_code error;
    std::filesystem::remove(path_, error);
}

void ControlGroup::enter() const {
    std::ofstream(path_ + "/cgroup.procs") << "0\n";
}

void ControlGroup::freeze() const {
    std::ofstream(path_ + "/cgroup.freeze") << "1\n";
}

bool ControlGroup::is_frozen() const {
    std::ifstream file(path_ + "/cgroup.freeze");
    int value = -1;
    return file >> value && value == 1;
}

bool ControlGroup::stands_still() const {
    std::ifstream file(path_ + "/cgroup.events");
    for (std::string line; std::getline(file, line);) {
        if (line == "frozen 1") {
            return true;
        }
    }
    return false;
}

} // namespace sig2pid::test
