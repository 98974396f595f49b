// SPDX-License-Identifier: BSD-2-Clause
#include "cli/targets.hpp"

#include "cli/output.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unistd.h>

namespace sig2pid::cli {
namespace {

/// What was not found. Others go on without what is gone; anything else stops it all.
ExitCode judge_misses(std::string_view command, const Choice& choice, const ProcessSet& set, Format format) {
    [[maybe_unused]] const ExitCode worst = report_misses(command, choice, set);
    ExitCode code = set.empty() ? exit_no_target : exit_done;
    for (const ProcessSet::Miss& miss : set.misses()) {
        if (format == Format::json) {
            print_json({{"target", choice.targets[miss.argument].text()},
                        {"pid", nullptr},
                        {"inode", nullptr},
                        {"name", nullptr},
                        {"error", miss.error.message()}});
        }
        if (miss.error.reason != Reason::gone) {
            code = std::max(code, exit_code_of(miss.error));
        }
    }
    return code;
}

ExitCode check_members(std::string_view command, const ProcessSet& set) {
    const pid_t own = ::getpid();
    if (std::ranges::find(set.members(), own, &ProcessSet::Member::pid) != set.members().end()) {
        report(command, "process " + std::to_string(own) + " is this very command: it cannot outlast itself");
        return exit_usage;
    }
    return exit_done;
}

Chosen with_names(ProcessSet set, const SelectOptions& options) {
    Chosen chosen{std::move(set), {}, options, {}, false};
    chosen.misses_some = !chosen.set.misses().empty();
    for (const Target& target : chosen.set.targets()) {
        chosen.texts.push_back(target.text());
    }
    chosen.names.reserve(chosen.set.size());
    for (std::size_t i = 0; i < chosen.set.size(); ++i) {
        std::string& text = chosen.names.emplace_back(chosen.set[i].name);
        if (!text.empty()) {
            continue;
        }
        [[maybe_unused]] const Result<> pinned =
            chosen.set.with(i, [&](const Process& process) { text = name(process).value_or(""); });
    }
    return chosen;
}

/// A target inside another: its commas are its own.
std::string tree_of(std::string_view target) {
    std::string text = "tree:";
    for (const char byte : target) {
        text += byte == ',' ? "\\," : std::string(1, byte);
    }
    return text;
}

/// What stands for a target with its descendants. One that was named outright is meant even where a tree leaves it out,
/// and a control group can be frozen.
std::vector<std::string> trees_of(const Chosen& roots, std::size_t argument, const SelectWords& words) {
    const auto members = roots.set.members();
    const auto member = std::ranges::find(members, argument, &ProcessSet::Member::argument);
    if (member == members.end()) {
        return {};
    }
    const Target& target = roots.set.targets()[argument];
    const bool is_picked = words.newest || words.oldest;
    const std::string base = target.names_one() || is_picked ? member->token().to_string() : target.text();
    if (target.is_explicit() || (!is_picked && !target.whole_cgroup().empty())) {
        return {base, tree_of(base)};
    }
    return {tree_of(base)};
}

} // namespace

std::string Chosen::who(std::size_t i) const {
    const std::string pid = "process " + std::to_string(set[i].pid);
    return names[i].empty() ? pid : pid + " (" + names[i] + ")";
}

std::expected<Chosen, ExitCode> choose(std::string_view command, const SelectWords& words, Format format) {
    const std::optional<Choice> choice = read_choice(command, words);
    if (!choice) {
        return std::unexpected(exit_usage);
    }
    std::expected<ProcessSet, ExitCode> set = select_chosen(command, *choice);
    if (!set) {
        return std::unexpected(set.error());
    }
    ExitCode code = judge_misses(command, *choice, *set, format);
    code = code == exit_done ? check_members(command, *set) : code;
    if (code != exit_done) {
        return std::unexpected(code);
    }
    return with_names(std::move(*set), choice->options);
}

std::expected<Chosen, ExitCode> with_trees(std::string_view command, const Chosen& roots, const SelectWords& words,
                                           Format format) {
    SelectWords whole = words;
    whole.targets.clear();
    whole.newest = whole.oldest = false;
    std::vector<std::string> texts;
    for (std::size_t argument = 0; argument < roots.set.targets().size(); ++argument) {
        for (std::string& target : trees_of(roots, argument, words)) {
            whole.targets.push_back(std::move(target));
            texts.push_back(roots.texts[argument]);
        }
    }
    std::expected<Chosen, ExitCode> chosen = choose(command, whole, format);
    if (chosen) {
        chosen->texts = std::move(texts);
        chosen->misses_some = chosen->misses_some || roots.misses_some;
    }
    return chosen;
}

Json json_of(const Chosen& chosen, std::size_t i) {
    const ProcessSet::Member& member = chosen.set[i];
    return {{"target", chosen.text(i)}, {"pid", member.pid}, {"inode", member.inode}, {"name", chosen.names[i]}};
}

void add_status(Json& line, const ExitStatus& status) {
    line["code"] = status.code;
    line["signal"] = status.signal ? Json(status.signal->name()) : Json();
    line["core"] = status.known() ? Json(status.core) : Json();
}

std::string short_time(std::chrono::nanoseconds time) {
    using Seconds = std::chrono::duration<double>;
    const double seconds = std::chrono::duration_cast<Seconds>(time).count();
    std::array<char, 32> text{};
    if (seconds < 1e-3) {
        std::snprintf(text.data(), text.size(), "%.0fus", seconds * 1e6);
    } else if (seconds < 1) {
        std::snprintf(text.data(), text.size(), "%.1fms", seconds * 1e3);
    } else {
        std::snprintf(text.data(), text.size(), "%.1fs", seconds);
    }
    return text.data();
}

} // namespace sig2pid::cli
