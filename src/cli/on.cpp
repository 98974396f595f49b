// SPDX-License-Identifier: BSD-2-Clause
// One rule in the foreground: check all of it, arm it, report until there is a reason to end, account for everything.
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/enders.hpp"
#include "cli/line_writer.hpp"
#include "cli/match_text.hpp"
#include "cli/output.hpp"
#include "lib/number.hpp"

#include <sig2pid/engine/session.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <sys/epoll.h>

namespace sig2pid::cli {
namespace {

using engine::Rule;
using engine::RuleText;
using engine::Session;

/// The arguments as they were typed.
struct OnWords {
    std::string event, where, value, target, count, limit, rung;
    std::string signal = "USR1";
    bool allow_default = false;
    bool json = false;
    bool quiet = false;
};

void add_options(Arguments& arguments, OnWords& words) {
    arguments.operand("event", words.event, "EVENT", "what to wait for: see `sig2pid events`");
    arguments.require("event");
    arguments.value("--where", words.where, "EXPR", "condition over the event's fields; see sig2pid-expr(7)");
    arguments.value("-s,--signal", words.signal, "SIG", "name or number; default USR1");
    arguments.value("-q,--value", words.value, "VALUE|FIELD",
                    "64-bit payload: a number, an integer field, or seq, the match's number");
    arguments.value("--to", words.target, "TARGET",
                    "PID, PID:INODE[:BOOT], fd:N, pidfile:PATH, current, subject or parent");
    arguments.require("--to");
    arguments.value("--count", words.count, "N", "end after so many matches");
    arguments.value("--limit", words.limit, "N/DUR", "no more than N signals in any DUR, such as 1/10s");
    arguments.value("--rung", words.rung, "RUNG",
                    "the way of delivery to begin with: direct, task-work or pidfd (for receivers that use signalfd)");
    arguments.flag("--allow-default", words.allow_default, "send even where the default action would end the target");
    arguments.flag("--quiet", words.quiet, "no line a match");
    arguments.flag("--json", words.json, "one JSON object a match");
    arguments.footer(
        "Prints 'ready' to standard error once armed; in --json a line {\"ready\":true}. Ends with a summary at "
        "Ctrl-C,\n"
        "after --count matches, or when the target exits (exit code 1).\n\nExamples:\n"
        "  sig2pid on exit --where 'comm == \"worker\" && code != 0' -s RTMIN+3 -q code --to 1234\n"
        "  sig2pid on oom-kill -s USR1 -q rss_kb --to 1234:5678\n"
        "  sig2pid on exec --where 'filename =~ \"/tmp/*\"' -s STOP --to subject");
}

Result<> read_limits(const OnWords& words, RuleText& text) {
    if (!words.count.empty()) {
        const auto count = parse_number<std::uint64_t>(words.count);
        if (count.value_or(0) == 0) {
            return failure(EINVAL, "parse count", "count '" + words.count + "' is not a number from 1 up",
                           Reason::bad_input);
        }
        text.count = *count;
    }
    if (!words.limit.empty()) {
        auto limit = engine::RateLimit::parse(words.limit);
        if (!limit) {
            return forward_error(limit);
        }
        text.limit = *limit;
    }
    return {};
}

Result<> read_rung(const OnWords& words, RuleText& text) {
    if (words.rung.empty()) {
        return {};
    }
    auto rung = engine::parse_rung(words.rung);
    if (!rung) {
        return forward_error(rung);
    }
    text.rung = *rung;
    return {};
}

Result<Rule> read_rule(const OnWords& words) {
    RuleText text;
    text.event = words.event;
    text.where = words.where;
    text.value = words.value;
    text.default_policy = words.allow_default ? DefaultPolicy::allow : DefaultPolicy::refuse;
    auto signal = Signal::parse(words.signal);
    if (!signal) {
        return forward_error(signal);
    }
    text.signal = *signal;
    auto target = engine::parse_rule_target(words.target);
    if (!target) {
        return forward_error(target);
    }
    text.target = std::move(*target);
    for (auto* step : {read_limits, read_rung}) {
        if (auto read = step(words, text); !read) {
            return forward_error(read);
        }
    }
    return Rule::check(std::move(text));
}

/// Shows where in the expression the mistake is.
void point_at(const std::string& expression, const Error& error) {
    const bool one_line = expression.find('\n') == std::string::npos;
    if (error.context.starts_with("--where") && error.column > 0 && one_line) {
        remark("  " + printable(expression));
        remark("  " + std::string(error.column - 1, ' ') + "^");
    }
}

int refuse(const OnWords& words, const Error& error) {
    report("on", error);
    point_at(words.where, error);
    return exit_code_of(error);
}

/// The word that scripts wait for, alone on its line.
void announce(const OnWords& words, LineWriter& lines) {
    words.json ? lines.put(line_of({{"ready", true}})) : remark("ready");
}

/// A rule that ended by its count says by its code whether the signals went out.
ExitCode code_of(const engine::Summary& sum) {
    const std::uint64_t good = sum.total(Verdict::delivered) + sum.total(Verdict::coalesced) +
                               sum.total(Verdict::ignored) + sum.total(Verdict::limited);
    if (good == sum.matched) {
        return exit_done;
    }
    if (good > 0) {
        return exit_partial;
    }
    return sum.total(Verdict::gone) + sum.total(Verdict::zombie) == sum.matched ? exit_no_target : exit_system;
}

constexpr std::chrono::milliseconds patience(500); ///< with a reader, once it is to end

bool prints_soon(const std::string& line, LineWriter& lines) {
    lines.put(line);
    return lines.finish(-1, patience);
}

/// What went wrong, beyond what the account says; empty when nothing did.
std::string complaint_of(const Session& session, engine::Ending ending, const LineWriter& lines) {
    if (lines.error() != 0) {
        return std::string("cannot write to standard output: ") + std::strerror(lines.error());
    }
    if (ending == engine::Ending::target_gone) {
        return "the target, process " + std::to_string(session.target()->pid()) +
               ", has exited: nothing is left to signal";
    }
    return ending == engine::Ending::source_gone ? session.source_error()->message() : "";
}

ExitCode code_of(const engine::Summary& sum, engine::Ending ending) {
    switch (ending) {
    case engine::Ending::target_gone:
        return exit_no_target;
    case engine::Ending::count_reached:
        return code_of(sum);
    case engine::Ending::source_gone:
        return exit_system;
    case engine::Ending::stopped:
        break;
    }
    return exit_done;
}

/// After Ctrl-C it ends soon, whoever does not read; else it waits for a slow reader until Ctrl-C. An account that
/// standard output does not take goes to standard error.
int conclude(const Session& session, const OnWords& words, engine::Ending ending, LineWriter& lines, int stop_fd) {
    const bool stopped = ending == engine::Ending::stopped;
    const bool all = lines.finish(stopped ? -1 : stop_fd, stopped ? LineWriter::Patience(patience) : std::nullopt);
    engine::Summary sum = session.summary();
    sum.unreported += lines.dropped();
    const std::string account = words.json ? line_of(json_of(sum, ending)) : text_of(sum);
    const bool printed = words.json && all && prints_soon(account, lines);
    const std::string complaint = complaint_of(session, ending, lines);
    if (!printed && can_write(STDERR_FILENO, patience)) {
        remark(account);
    }
    if (!complaint.empty() && can_write(STDERR_FILENO, patience)) {
        report("on", complaint);
    }
    return lines.error() != 0 ? exit_system : code_of(sum, ending);
}

/// Readable when one of them is.
UniqueFd either(std::array<int, 2> descriptors) {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    for (const int fd : descriptors) {
        epoll_event event = {.events = EPOLLIN, .data = {}};
        ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event); // -1, an ender that is ignored, is none
    }
    return epoll;
}

int run(Session& session, const Rule& rule, const OnWords& words, int enders_fd) {
    LineWriter lines;
    const UniqueFd stop = either({enders_fd, lines.broken_fd()});
    announce(words, lines);
    lines.forget_dropped(); // that was no match
    session.also_wait_for(lines.writable_fd(), [&] { lines.flush(); });
    const auto ending = session.run(stop.get(), [&](const engine::Match& match) {
        if (!words.quiet) {
            lines.put(words.json ? line_of(json_of(match, rule)) : text_of(match, rule));
        }
    });
    return ending ? conclude(session, words, *ending, lines, stop.get()) : refuse(words, ending.error());
}

int watch(const Rule& rule, const OnWords& words) {
    // blocked before anything is armed, so that Ctrl-C always comes to the loop and the summary
    const auto enders = Enders::hold({Signal(SIGINT), Signal(SIGTERM), Signal(SIGHUP)});
    if (!enders) {
        return refuse(words, enders.error());
    }
    auto session = Session::arm(rule, words.quiet ? engine::Reports::none : engine::Reports::all);
    if (!session) {
        return refuse(words, session.error());
    }
    return run(*session, rule, words, enders->fd());
}

} // namespace

int on_command(int argc, char** argv) {
    OnWords words;
    Arguments arguments("sig2pid on", "Signal a process whenever the kernel sees something.");
    add_options(arguments, words);
    if (const std::optional<int> code = arguments.parse(argc, argv)) {
        return *code;
    }
    outlive_readers();
    const auto rule = read_rule(words);
    return rule ? watch(*rule, words) : refuse(words, rule.error());
}

} // namespace sig2pid::cli
