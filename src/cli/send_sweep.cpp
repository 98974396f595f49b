// SPDX-License-Identifier: BSD-2-Clause
#include "cli/send_sweep.hpp"

#include "cli/output.hpp"

#include <sig2pid/sweep.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

namespace sig2pid::cli {
namespace {

struct Acted {
    Token token;
    std::string name;
    Outcome outcome = {};

    [[nodiscard]] pid_t pid() const noexcept { return token.pid; }
};

/// The name is read before the signal may end the process, or when there is something to say of it.
Acted act_on(const Process& process, const std::function<Outcome(const Process&)>& act, Names names) {
    Acted acted = {.token = process.token(), .name = names == Names::told ? name(process).value_or("") : ""};
    acted.outcome = act(process);
    if (acted.outcome.error && acted.name.empty()) {
        acted.name = name(process).value_or("");
    }
    return acted;
}

int report_miss(const Target& target, const Error& error, SendReports& reports) {
    report("send", "target '" + target.text() + "': " + error.message());
    reports.add_miss(target.text(), error);
    return exit_code_of(error);
}

} // namespace

int send_in_a_sweep(const Target& target, const std::function<Outcome(const Process&)>& act, Names names, int cancel_fd,
                    SendReports& reports) {
    std::mutex lock;
    std::vector<Acted> told;
    std::atomic<std::size_t> untold = 0;
    const auto act_and_note = [&](const Process& process) {
        Acted acted = act_on(process, act, names);
        if (!reports.tells(acted.outcome)) {
            ++untold;
            return;
        }
        const std::lock_guard guard(lock);
        told.push_back(std::move(acted));
    };
    const Result<std::size_t> matched = sweep(target, act_and_note, cancel_fd);
    if (!matched && told.empty() && untold == 0) {
        return report_miss(target, matched.error(), reports);
    }
    reports.add_untold(untold);
    std::ranges::sort(told, {}, &Acted::pid);
    for (Acted& acted : told) {
        reports.add({target.text(), acted.token, std::move(acted.name)}, acted.outcome);
    }
    if (!matched) {
        reports.add_error(matched.error());
    }
    return reports.finish();
}

} // namespace sig2pid::cli
