// SPDX-License-Identifier: BSD-2-Clause
#include "engine/arm.hpp"

#include "engine/capability.hpp"
#include "engine/encode.hpp"

#include <sig2pid/deliver.hpp>
#include <sig2pid/send.hpp>

#include <cerrno>

namespace sig2pid::engine {

namespace {

std::string describe(const Process& process) {
    const auto comm = name(process);
    return "process " + std::to_string(process.pid()) + (comm ? " (" + *comm + ")" : "");
}

Result<Verdict> judge_by_proc(const Process& process, const RuleText& rule) {
    SendOptions options;
    options.default_policy = default_is_meant(rule) ? DefaultPolicy::allow : DefaultPolicy::refuse;
    const auto foreseen = foresee(process, rule.signal, options);
    if (!foreseen) {
        return std::unexpected(foreseen.error());
    }
    return foreseen->verdict;
}

Result<> make_sure_it_lives(const Process& process) {
    const auto state = process.state();
    if (!state) {
        return std::unexpected(state.error());
    }
    if (*state != ProcessState::alive) {
        return failure(ESRCH, "arm", "process " + std::to_string(process.pid()) + " has exited", Reason::gone);
    }
    return probe(process);
}

Result<> may_mean_anyone(const RuleText& rule) {
    const std::string whoever = "the target '" + to_string(rule.target) + "' may be anyone's process, ";
    if (!has_capability(Capability::kill)) {
        return failure(EPERM, "arm",
                       whoever + "so the rule needs CAP_KILL, which this process lacks: run it as root or with sudo",
                       Reason::no_permission);
    }
    if (!can_spare_ancestors()) {
        return failure(E2BIG, "arm",
                       whoever + "but never an ancestor of sig2pid, and of these the kernel is told " +
                           std::to_string(S2P_MAX_ANCESTORS) +
                           " at the most: start sig2pid from a process with fewer, or name a target by its PID");
    }
    return {};
}

} // namespace

Result<> judge_target(const Process& process, const RuleText& rule, std::optional<Verdict> seen) {
    const auto verdict = seen ? Result<Verdict>(*seen) : judge_by_proc(process, rule);
    if (!verdict) {
        return std::unexpected(verdict.error());
    }
    if (*verdict != Verdict::unhandled) {
        return {};
    }
    return failure(ECANCELED, "arm",
                   describe(process) + " neither catches nor blocks " + rule.signal.name() +
                       ", so the signal would end it: let it handle the signal first, or say --allow-default",
                   Reason::bad_input);
}

Result<std::optional<Process>> pin_target(const RuleText& rule) {
    if (std::holds_alternative<NamedTarget>(rule.target)) {
        if (auto may = may_mean_anyone(rule); !may) {
            return std::unexpected(may.error());
        }
        return std::optional<Process>();
    }
    auto process = resolve(std::get<Target>(rule.target));
    if (!process) {
        return std::unexpected(process.error());
    }
    if (auto living = make_sure_it_lives(*process); !living) {
        return std::unexpected(living.error());
    }
    return std::optional<Process>(std::move(*process));
}

} // namespace sig2pid::engine
