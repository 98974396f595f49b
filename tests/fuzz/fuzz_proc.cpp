// SPDX-License-Identifier: BSD-2-Clause
// The parsers of what the kernel tells of processes, one of them at a time: --parser=NAME. Any text is refused or read
// within its bounds.
#include "lib/cgroup.hpp"
#include "lib/cut_name.hpp"
#include "lib/pidfile.hpp"
#include "lib/proc.hpp"
#include "lib/proc_connector.hpp"
#include "lib/proc_locks.hpp"
#include "lib/proc_scan.hpp"
#include "lib/words.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace {

using namespace sig2pid;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

bool is_within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void stat(std::string_view text) {
    const Result<proc::Stat> stat = proc::parse_stat(text);
    require(stat ? is_within(stat->comm, text) : stat.error().code == EBADMSG);
}

void status(std::string_view text) {
    const Result<proc::Status> status = proc::parse_status(text);
    require(status || status.error().code == EBADMSG);
}

void fdinfo(std::string_view text) {
    const Result<proc::FdInfo> info = proc::parse_fdinfo(text);
    require(info ? info->depth <= text.size() : info.error().reason == Reason::not_a_pidfd);
}

void syscall(std::string_view text) {
    static_cast<void>(proc::parse_syscall(text));
}

void locks(std::string_view text) {
    static_cast<void>(proc::parse_lock(text));
}

void mountinfo(std::string_view text) {
    const std::optional<CgroupMount> mount = parse_cgroup_mount(text);
    require(!mount || (mount->root.starts_with('/') && mount->point.starts_with('/')));
}

void cgroup(std::string_view text) {
    const bool inside = is_in_cgroup(text, {{}, "/a/b", {}});
    require(!inside || is_in_cgroup(text, {{}, "/a", {}}));
    static_cast<void>(is_in_unit(text, "a.service", 1000));
    require(is_within(v2_path_in(text), text));
}

void exit_code(std::string_view text) {
    static_cast<void>(proc::parse_exit_code(text));
}

void boot_id(std::string_view text) {
    require(!proc::parse_boot_id(text) || text.size() >= 8);
}

void pidfile(std::string_view text) {
    const auto pid = parse_pidfile(text);
    require(pid ? *pid > 1 && *pid <= Target::largest_pid : !pid.error().empty());
}

/// The first line is the name and what the kernel has kept of it.
void cmdline(std::string_view text) {
    constexpr std::size_t kept = 15;
    const std::string_view wanted = proc::take_line(text);
    const Told told = tell_by_words({wanted.substr(0, kept), wanted}, text);
    require(told != Told::wanted || text.find(wanted) != std::string_view::npos);
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t before = rest.size();
        const std::string_view argument = proc::take_argument(rest);
        require(is_within(argument, text) && rest.size() < before && argument.find('\0') == std::string_view::npos);
    }
}

/// The first line is what is looked for.
void environ(std::string_view text) {
    const std::string_view wanted = proc::take_line(text);
    require(!proc::has_argument(text, wanted) || text.find(wanted) != std::string_view::npos);
}

void process_event(std::string_view text) {
    const auto event = parse_process_event(text);
    require(!event || (event->pid > 0 && (event->what == ProcessEvent::What::birth || event->parent == 0)));
}

void entries(std::string_view text) {
    static_cast<void>(proc::parse_entries(text, [](pid_t number) { require(number >= 0); }));
}

using Fuzzed = void (*)(std::string_view);

constexpr std::pair<std::string_view, Fuzzed> parsers[] = {
    {"stat", stat},           {"status", status},
    {"fdinfo", fdinfo},       {"syscall", syscall},
    {"locks", locks},         {"mountinfo", mountinfo},
    {"cgroup", cgroup},       {"entries", entries},
    {"exit_code", exit_code}, {"boot_id", boot_id},
    {"pidfile", pidfile},     {"cmdline", cmdline},
    {"environ", environ},     {"process_event", process_event},
};

Fuzzed parser = nullptr;

} // namespace

// NOLINTBEGIN(readability-identifier-naming): the names are libFuzzer's
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
    constexpr std::string_view option = "--parser=";
    for (int i = 1; i < *argc; ++i) {
        const std::string_view argument = (*argv)[i];
        for (const auto& [name, function] : parsers) {
            if (argument.starts_with(option) && argument.substr(option.size()) == name) {
                parser = function;
            }
        }
    }
    if (parser == nullptr) {
        static_cast<void>(
            std::fputs("fuzz_proc: --parser= must name one of the parsers in tests/fuzz/fuzz_proc.cpp\n", stderr));
        std::exit(2);
    }
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are text here
    parser({reinterpret_cast<const char*>(data), size});
    return 0;
}
// NOLINTEND(readability-identifier-naming)
