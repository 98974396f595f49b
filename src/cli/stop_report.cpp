// SPDX-License-Identifier: BSD-2-Clause
#include "cli/stop_report.hpp"

#include "cli/output.hpp"

#include <algorithm>

namespace sig2pid::cli {
namespace {

/// Why it lives, and what to do.
std::string explain(const Ending& ending) {
    switch (ending.survival) {
    case Survival::not_signalled:
        return "it was sent nothing";
    case Survival::refused:
        return ending.error ? ending.error->message() : "the kernel refuses the signal";
    case Survival::shielded:
        return "it discards the signals: a kernel thread, or the init of a PID namespace";
    case Survival::uninterruptible:
        return "uninterruptible (state D): it ends when its system call does; see /proc/PID/stack";
    case Survival::stopped:
        return "stopped or traced: it takes no signal until it goes on";
    case Survival::unmoved:
        return "it got the signals and lives on";
    }
    return "unknown";
}

const std::string& name_of(const Ending& ending, const Chosen& chosen) {
    return ending.appeared ? ending.name : chosen.names[ending.index];
}

pid_t pid_of(const Ending& ending, const Chosen& chosen) {
    return ending.appeared ? ending.appeared->pid : chosen.set[ending.index].pid;
}

Json json_of(const Ending& ending, const Chosen& chosen) {
    Json line = ending.appeared ? Json({{"target", nullptr},
                                        {"pid", ending.appeared->pid},
                                        {"inode", ending.appeared->inode},
                                        {"name", ending.name}})
                                : json_of(chosen, ending.index);
    line["ended"] = ending.ended;
    line["by"] = ending.ended_by ? Json(ending.ended_by->name()) : Json();
    line["sent"] = ending.last_sent ? Json(ending.last_sent->name()) : Json();
    line["after_ns"] = ending.after.count();
    add_status(line, ending.status);
    line["survival"] = ending.ended ? Json() : Json(to_string(ending.survival));
    line["error"] = ending.error ? Json(ending.error->message()) : Json();
    return line;
}

std::string ender(const Ending& ending) {
    if (!ending.ended) {
        return "lives";
    }
    return ending.ended_by ? ending.ended_by->name() : ending.last_sent ? "not by us" : "before";
}

std::vector<std::string> row_of(const Ending& ending, const Chosen& chosen) {
    return {std::to_string(pid_of(ending, chosen)), name_of(ending, chosen), ender(ending), short_time(ending.after),
            ending.ended ? ending.status.to_string() : explain(ending)};
}

std::size_t count_ended(const EscalationReport& report) {
    return static_cast<std::size_t>(std::ranges::count_if(report.endings, &Ending::ended));
}

/// "SIGTERM was sent to 3, SIGKILL to 1, nothing to 2", by the last signal of each.
std::string sent_text(const EscalationReport& report) {
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const Ending& ending : report.endings) {
        const std::string what = ending.last_sent ? ending.last_sent->name() : "nothing";
        const auto known = std::ranges::find(counts, what, &std::pair<std::string, std::size_t>::first);
        known == counts.end() ? static_cast<void>(counts.emplace_back(what, 1)) : static_cast<void>(++known->second);
    }
    std::string text;
    for (const auto& [what, count] : counts) {
        text += (text.empty() ? what + " was sent to " : ", " + what + " to ") + std::to_string(count);
    }
    return text;
}

std::string headline(EscalationEnd end) {
    switch (end) {
    case EscalationEnd::timed_out:
        return "timed out";
    case EscalationEnd::cancelled:
        return "interrupted, nothing more is sent";
    case EscalationEnd::all_ended:
    case EscalationEnd::given_up:
        break;
    }
    return "given up";
}

} // namespace

void print_endings(const EscalationReport& report, const Chosen& chosen, Format format) {
    std::vector<std::vector<std::string>> rows = {{"PID", "NAME", "ENDED BY", "AFTER", "HOW"}};
    for (const Ending& ending : report.endings) {
        if (format == Format::json) {
            print_json(json_of(ending, chosen));
        } else {
            rows.push_back(row_of(ending, chosen));
        }
    }
    if (format == Format::text) {
        print_table(rows);
    }
}

std::string text_of(const EscalationProgress& progress) {
    std::string text = std::to_string(progress.ended) + " of " + std::to_string(progress.total) + " gone";
    if (progress.last) {
        text += ", " + progress.last->name() + " sent";
    }
    if (progress.next) {
        text += "; " + progress.next->signal.name() + " at " + short_time(progress.next->after);
    }
    return text;
}

void warn_of_unseen(const EscalationReport& report, const Chosen& chosen) {
    const auto by_itself = [](const Ending& ending) { return ending.ended && ending.last_sent && ending.status.code; };
    const auto count = std::ranges::count_if(report.endings, by_itself);
    const bool has_tree = std::ranges::any_of(chosen.set.targets(), &Target::has_tree);
    if (has_tree && count > 0 && !chosen.set.is_told_of_births()) {
        remark("note: " + std::to_string(count) +
               " of the processes ended by exit(2); not all births are told of here, so what they started just "
               "before may live on, if it is in none of their sessions");
    }
}

ExitCode conclude(const EscalationReport& report, const Chosen& chosen) {
    if (report.end == EscalationEnd::all_ended) {
        return chosen.misses_some ? exit_partial : exit_done;
    }
    const std::size_t ended = count_ended(report);
    const std::size_t left = report.endings.size() - ended;
    cli::report("stop", headline(report.end) + ": " + std::to_string(left) + " of " +
                            std::to_string(report.endings.size()) + " live on; " + sent_text(report));
    if (report.end == EscalationEnd::timed_out) {
        return exit_timed_out;
    }
    return ended > 0 ? exit_partial : exit_system;
}

} // namespace sig2pid::cli
