// SPDX-License-Identifier: BSD-2-Clause
#include "cli/select.hpp"

#include "cli/json.hpp"
#include "cli/output.hpp"
#include "lib/number.hpp"

#include <sig2pid/engine/task_source.hpp>
#include <sig2pid/process_info.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

Backend read_backend(std::string_view word) {
    return word == "proc" ? Backend::proc : word == "bpf" ? Backend::bpf : Backend::automatic;
}

/// Whether --max is a number; it is put into `options`.
bool read_max(std::string_view command, const std::string& word, SelectOptions& options) {
    if (word.empty()) {
        return true;
    }
    options.max = parse_number<std::size_t>(word);
    if (options.max.value_or(0) == 0) {
        report(command, "--max '" + word + "' is not a number from 1 up");
        return false;
    }
    return true;
}

/// The largest unit that leaves something to say, as ps(1) does: 3d, 5h, 7m, 12s.
std::string age_text(std::chrono::nanoseconds age) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
    constexpr std::array<std::pair<std::int64_t, const char*>, 3> units = {{{86'400, "d"}, {3'600, "h"}, {60, "m"}}};
    for (const auto& [size, name] : units) {
        if (seconds >= size) {
            return std::to_string(seconds / size) + name;
        }
    }
    return std::to_string(seconds) + "s";
}

/// One member, looked at.
struct Seen {
    ProcessSet::Member member;
    const std::string& target;
    ProcessInfo info;
    std::optional<Effect> effect;
};

std::vector<std::string> row_of(const Seen& seen) {
    return {std::to_string(seen.member.pid),
            seen.member.token().to_string(),
            seen.info.user,
            std::string(1, seen.info.state),
            age_text(seen.info.age),
            seen.info.name,
            seen.effect ? std::string(to_string(*seen.effect)) : "?"};
}

Json json_of(const Seen& seen, Signal signal) {
    Json line;
    line["target"] = seen.target;
    line["pid"] = seen.member.pid;
    line["inode"] = seen.member.inode;
    line["token"] = seen.member.token().to_string();
    line["name"] = seen.info.name;
    line["command"] = seen.info.command;
    line["user"] = seen.info.user;
    line["uid"] = seen.info.uid;
    line["ppid"] = seen.info.parent;
    line["pgid"] = seen.info.group;
    line["sid"] = seen.info.session;
    line["state"] = std::string(1, seen.info.state);
    line["age_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(seen.info.age).count();
    line["signal"] = signal.name();
    line["effect"] = seen.effect ? Json(to_string(*seen.effect)) : Json();
    return line;
}

/// ESRCH/gone for one that has exited and was reaped since; EACCES/no_permission for one that /proc hides.
Result<Seen> look_at(const ProcessSet& set, std::size_t i, Signal signal) {
    Result<ProcessInfo> info;
    std::optional<Effect> effect;
    Result<> pinned = set.with(i, [&](const Process& process) {
        info = process_info(process);
        const Result<Effect> found = effect_of(process, signal);
        effect = found ? std::optional(*found) : std::nullopt;
    });
    if (!pinned) {
        return forward_error(pinned);
    }
    return info ? Result<Seen>(Seen{set[i], set.target(i).text(), std::move(*info), effect}) : forward_error(info);
}

/// What kill(2) would take the negative number for, and how that is written.
std::string explain_negative(std::string_view number) {
    if (parse_number<int>(number) == 1) {
        return "as a target it would mean everybody, and there is no word for that";
    }
    return "as a target it would mean a process group, whose word is group:" + std::string(number);
}

/// What kill(1) would take -`word` for, and how that is written; empty when it is neither signal nor number.
std::string explain_signal(std::string_view word, SignalWord written) {
    const bool is_number = !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_number && !Signal::parse(word)) {
        return "";
    }
    const std::string signal(word);
    const std::string text = written == SignalWord::option ? "a signal is written -s " + signal
                             : written == SignalWord::step ? "a signal is written --step " + signal + "@0s"
                                                           : "no signal is sent here";
    return is_number ? text + "; " + explain_negative(word) : text;
}

bool answer_is_yes(int terminal) {
    std::array<char, 64> buffer{};
    const ssize_t count = ::read(terminal, buffer.data(), buffer.size());
    const std::string_view answer(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return answer == "y\n" || answer == "yes\n";
}

} // namespace

void add_select_options(Arguments& arguments, SelectWords& words) {
    arguments.operands("target", words.targets, "TARGET...",
                       "PID, PID:INODE[:BOOT], or conditions such as name:NAME,user:NAME");
    arguments.value("--max", words.max, "N", "refuse when more than N processes match");
    arguments.flag("--newest", words.newest, "of those that match only the one that started last");
    arguments.flag("--oldest", words.oldest, "of those that match only the one that started first");
    arguments.exclude("--oldest", "--newest");
    arguments.flag("--locked", words.locked, "a pidfile: counts only if its process holds a lock on it");
    arguments.choice("--backend", words.backend, "NAME", {"auto", "proc", "bpf"},
                     "who looks for processes: auto, proc or bpf (needs root)");
}

void add_caution_options(Arguments& arguments, SelectWords& words) {
    arguments.flag("--confirm", words.confirm, "show what matches and ask on the terminal first");
    arguments.flag("--dry-run", words.dry_run, "only show what matches, and what the signal would do");
    arguments.exclude("--dry-run", "--confirm");
}

std::optional<int> refuse_negative_number(int argc, char** argv, SignalWord written) {
    constexpr std::array<std::string_view, 9> with_value = {"-s",      "--signal", "-q",     "--value",  "--scope",
                                                            "--retry", "--max",    "--step", "--timeout"};
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const bool is_value = std::ranges::find(with_value, std::string_view(argv[i - 1])) != with_value.end();
        const std::string message = is_value || !word.starts_with('-') ? "" : explain_signal(word.substr(1), written);
        if (!message.empty()) {
            report(argv[0], "'" + std::string(word) + "': " + message);
            return exit_usage;
        }
    }
    return std::nullopt;
}

std::optional<Choice> read_choice(std::string_view command, const SelectWords& words) {
    Choice choice;
    choice.options.pick = words.newest ? Pick::newest : words.oldest ? Pick::oldest : Pick::all;
    choice.options.pidfile_lock = words.locked ? PidfileLock::required : PidfileLock::any;
    choice.options.backend = read_backend(words.backend);
    bool good = read_max(command, words.max, choice.options);
    for (const std::string& text : words.targets) {
        Result<Target> target = Target::parse(text);
        if (target) {
            choice.targets.push_back(std::move(*target));
        } else {
            report(command, target.error());
            good = false;
        }
    }
    return good ? std::optional(std::move(choice)) : std::nullopt;
}

Result<ProcessSet> select_choice(const Choice& choice) {
    raise_descriptor_limit();
    engine::TaskSource source;
    SelectOptions options = choice.options;
    options.source = &source;
    Result<ProcessSet> set = select(Selector(choice.targets), options);
    if (set && set->left_out() > 0) {
        remark("note: " + std::to_string(set->left_out()) +
               " of the tree in other PID namespaces are left alone; a PID or token names them");
    }
    return set;
}

std::expected<ProcessSet, ExitCode> select_chosen(std::string_view command, const Choice& choice) {
    Result<ProcessSet> set = select_choice(choice);
    if (!set) {
        report(command, set.error());
        return std::unexpected(exit_code_of(set.error()));
    }
    return std::move(*set);
}

ExitCode report_misses(std::string_view command, const Choice& choice, const ProcessSet& set) {
    ExitCode code = exit_done;
    for (const ProcessSet::Miss& miss : set.misses()) {
        code = std::max(code, exit_code_of(miss.error));
        report(command, "target '" + choice.targets[miss.argument].text() + "': " + miss.error.message());
    }
    return code;
}

ExitCode show(std::string_view command, const ProcessSet& set, Signal signal, Shown how) {
    std::vector<std::vector<std::string>> rows = {{"PID", "TOKEN", "USER", "STATE", "AGE", "NAME", signal.name()}};
    std::size_t shown = 0;
    ExitCode code = exit_done;
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (how == Shown::tokens) {
            print_line(set[i].token().to_string());
            ++shown;
            continue;
        }
        const Result<Seen> seen = look_at(set, i, signal);
        if (!seen && seen.error().reason != Reason::gone) {
            report(command, seen.error());
            code = std::max(code, exit_code_of(seen.error()));
        }
        if (!seen) {
            continue;
        }
        ++shown;
        if (how == Shown::json) {
            print_json(json_of(*seen, signal));
        } else {
            rows.push_back(row_of(*seen));
        }
    }
    if (how == Shown::table && shown > 0) {
        print_table(rows);
    }
    if (shown == 0) {
        return std::max(code, exit_no_target);
    }
    return code == exit_done ? exit_done : exit_partial;
}

ExitCode ask_to_confirm(std::string_view command, const ProcessSet& set, Signal signal) {
    const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) {
        report(command, "--confirm needs a terminal to ask on: nothing was done");
        return exit_system;
    }
    if (const ExitCode code = show(command, set, signal, Shown::table); code != exit_done && code != exit_partial) {
        return code;
    }
    static_cast<void>(std::fflush(stdout));
    const std::string question = "Send " + signal.name() + " to " + std::to_string(set.size()) + "? [y/N] ";
    static_cast<void>(::write(terminal.get(), question.data(), question.size()));
    if (answer_is_yes(terminal.get())) {
        return exit_done;
    }
    report(command, "not confirmed: nothing was done");
    return exit_no_target;
}

} // namespace sig2pid::cli
