// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/engine/doctor.hpp>

#include "engine/capability.hpp"
#include "engine/kernel.hpp"
#include "engine/tracefs.hpp"
#include "lib/proc_connector.hpp"

#include <sig2pid/engine/session.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/receiver.hpp>
#include <sig2pid/send.hpp>

#include <fstream>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

Finding good(std::string what, std::string detail) {
    return {std::move(what), Health::good, std::move(detail), {}};
}

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

Finding examine_pidfd() {
    const auto self = Process::open(getpid());
    if (!self) {
        return {"pidfd", Health::bad, self.error().message(),
                "Linux 5.3 and later have pidfd_open(2); a seccomp filter may hide it"};
    }
    const auto probed = probe(*self);
    return probed ? good("pidfd", "this process is " + self->token().to_string())
                  : Finding{"pidfd", Health::bad, probed.error().message(),
                            "a seccomp filter must permit pidfd_send_signal(2)"};
}

Finding examine_privilege() {
    const std::string missing = missing_for_bpf();
    return missing.empty()
               ? good("privilege for BPF", "present")
               : Finding{"privilege for BPF", Health::bad, missing + " missing", "run as root or with sudo"};
}

Finding examine_kill() {
    return has_capability(Capability::kill)
               ? good("CAP_KILL", "any process may be signalled, and the targets current, subject and parent be used")
               : Finding{"CAP_KILL", Health::limited, "missing: only processes of the same user can be signalled",
                         "run as root or with sudo"};
}

Finding examine_births() {
    return ProcConnector::listen()
               ? good("process events", "the kernel tells of births: a tree keeps those who lose their parents")
               : Finding{"process events", Health::limited,
                         "the kernel tells of no births: who leaves its session and loses its parents leaves the tree",
                         "Linux 6.6 and later tell them to everybody, older ones to root, but not in containers"};
}

bool is_securityfs(const char* path) {
    struct statfs status = {};
    return statfs(path, &status) == 0 && status.f_type == SECURITYFS_MAGIC;
}

Finding examine_lockdown() {
    const std::string mode = first_line("/sys/kernel/security/lockdown");
    if (mode.empty()) {
        return is_securityfs("/sys/kernel/security")
                   ? good("lockdown", "this kernel has none")
                   : Finding{"lockdown", Health::limited, "unknown: securityfs is not mounted",
                             "mount -t securityfs securityfs /sys/kernel/security"};
    }
    const bool strict = mode.find("[confidentiality]") != std::string::npos;
    return strict ? Finding{"lockdown", Health::bad, mode,
                            "confidentiality forbids BPF to read kernel memory: boot with lockdown=integrity or none"}
                  : good("lockdown", mode);
}

Finding examine_tracefs() {
    const auto tracefs = Tracefs::open();
    if (tracefs) {
        return good("tracefs", "syscall: and tracepoint: events can be looked up");
    }
    const bool is_forbidden = tracefs.error().code == EPERM || tracefs.error().code == EACCES;
    return {"tracefs", Health::limited, tracefs.error().message(),
            is_forbidden ? "run as root" : "mount -t tracefs tracefs /sys/kernel/tracing"};
}

/// The module is one more way, and nothing needs it.
Finding examine_module() {
    const std::string version = first_line("/sys/module/sig2pid/version");
    if (access("/proc/sig2pid", F_OK) != 0) {
        return good("kernel module", "not loaded; only --via-module and the channels of other modules need it");
    }
    const std::string which = "sig2pid " + (version.empty() ? std::string("of unknown version") : version);
    return access("/proc/sig2pid", W_OK) == 0
               ? good("kernel module", which + " is loaded and takes requests")
               : Finding{"kernel module", Health::limited, which + " is loaded, but /proc/sig2pid may not be written",
                         "run as root, or load it with mode=0222"};
}

void examine_rungs(const KernelFeatures& kernel, std::vector<Finding>& findings) {
    findings.push_back(kernel.send_signal_task && kernel.pin_task
                           ? good("rung direct", "the kernel can signal any pinned task from the event")
                           : Finding{"rung direct", Health::limited, "bpf_send_signal_task is missing",
                                     "Linux 6.13 and later have it; the rung pidfd serves meanwhile"});
    findings.push_back(kernel.task_work
                           ? good("rung task-work", "events in kernel threads and interrupts need no agent")
                           : Finding{"rung task-work", Health::limited, "bpf_task_work_schedule_signal is missing",
                                     "Linux 6.18 and later have it; the rung pidfd serves meanwhile"});
    findings.push_back(kernel.oom_victim_is_task
                           ? good("event oom-kill", "the kernel names its victim")
                           : Finding{"event oom-kill", Health::limited, "the kernel does not hand over the victim",
                                     "Linux 6.9 and later do, and stable kernels that took it over"});
}

/// The proof: a rule is loaded, verified, bound to this process and attached, and taken down. It matches nothing.
Finding examine_rule() {
    auto receiver = Receiver::make({Signal(SIGRTMIN)});
    RuleText text;
    text.event = "exit";
    text.where = "pid == 0";
    text.signal = Signal(SIGRTMIN);
    const auto target = parse_rule_target(std::to_string(getpid()));
    if (!receiver || !target) {
        return {"a rule", Health::bad, "no signal can be received here", ""};
    }
    text.target = *target;
    const auto rule = Rule::check(text);
    const auto session = rule ? Session::arm(*rule) : Result<Session>(std::unexpected(rule.error()));
    return session ? good("a rule", "was armed on the event exit and taken down again")
                   : Finding{"a rule", Health::bad, session.error().message(), "see above"};
}

} // namespace

std::string_view to_string(Health health) noexcept {
    switch (health) {
    case Health::good:
        return "good";
    case Health::limited:
        return "limited";
    case Health::bad:
        break;
    }
    return "bad";
}

std::vector<Finding> examine() {
    std::vector<Finding> findings = {good("kernel", "Linux " + kernel_release()),
                                     examine_pidfd(),
                                     examine_privilege(),
                                     examine_kill(),
                                     examine_births(),
                                     examine_lockdown(),
                                     examine_tracefs(),
                                     examine_module()};
    const auto kernel = KernelFeatures::read();
    if (kernel) {
        findings.push_back(good("BTF", "the kernel describes its types"));
        examine_rungs(*kernel, findings);
    } else {
        findings.push_back({"BTF", Health::bad, kernel.error().message(), "a kernel with CONFIG_DEBUG_INFO_BTF=y"});
    }
    findings.push_back(examine_rule());
    return findings;
}

} // namespace sig2pid::engine
