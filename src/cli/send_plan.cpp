// SPDX-License-Identifier: BSD-2-Clause
#include "cli/send_plan.hpp"

#include "cli/arguments.hpp"
#include "cli/output.hpp"

#include <sig2pid/duration.hpp>

#include <cerrno>

namespace sig2pid::cli {
namespace {

Scope parse_scope(std::string_view word) {
    return word == "thread" ? Scope::thread : word == "group" ? Scope::group : Scope::process;
}

Result<> plan_options(const SendWords& words, SendPlan& plan) {
    plan.options.scope = parse_scope(words.scope);
    plan.options.default_policy = words.require_handler ? DefaultPolicy::require_handler : DefaultPolicy::allow;
    if (!words.value.empty()) {
        Result<Payload> payload = Payload::parse(words.value);
        if (!payload) {
            return forward_error(payload);
        }
        plan.options.payload = *payload;
    }
    if (!words.retry.empty()) {
        const auto retry = parse_duration(words.retry);
        if (!retry) {
            return std::unexpected(retry.error());
        }
        plan.retry = *retry;
    }
    return {};
}

/// The module takes a signal for a process and nothing else.
Result<> plan_module(const SendWords& words, SendPlan& plan) {
    if (!words.via_module) {
        return {};
    }
    if (words.scope != "process" || words.signal == "0" || !words.retry.empty()) {
        return failure(EINVAL, "send", "--via-module goes with neither --scope, --retry nor signal 0",
                       Reason::bad_input);
    }
    Result<ModuleSender> module = ModuleSender::open();
    if (!module) {
        return forward_error(module);
    }
    plan.module = std::move(*module);
    return {};
}

Result<> plan_signal(const SendWords& words, SendPlan& plan) {
    if (words.signal == "0") {
        return {};
    }
    Result<Signal> signal = Signal::parse(words.signal);
    if (!signal) {
        return forward_error(signal);
    }
    plan.signal = *signal;
    return {};
}

} // namespace

std::optional<int> parse_send_words(SendWords& words, int argc, char** argv) {
    Arguments arguments("sig2pid send", "Send one signal to exactly the processes named.");
    arguments.value("-s,--signal", words.signal, "SIG", "name or number; 0 only probes; default TERM");
    arguments.value("-q,--value", words.value, "VALUE", "64-bit payload: decimal, 0x hexadecimal or negative");
    arguments.choice("--scope", words.scope, "SCOPE", {"process", "thread", "group"},
                     "process, thread (the main one) or group (that it leads)");
    arguments.flag("--require-handler", words.require_handler,
                   "only to who catches or blocks it; others are unhandled");
    arguments.value("--retry", words.retry, "DUR", "while a target's queue is full, try again for so long");
    arguments.flag("--via-module", words.via_module, "by the kernel module's /proc/sig2pid, which aims at the PID");
    arguments.flag("--json", words.json, "one JSON object a target");
    arguments.flag("-v,--verbose", words.verbose, "a table of what became of each");
    add_select_options(arguments, words.select);
    add_caution_options(arguments, words.select);
    arguments.footer(
        "Nothing is sent unless every target is there.\n\nExamples:\n  sig2pid send 1234\n"
        "  sig2pid send -s HUP name:nginx,user:root\n  sig2pid send -s RTMIN+3 -q 0xCAFE 1234:5678\n  sig2pid "
        "send -s 0 1234 && echo still there");
    return arguments.parse(argc, argv);
}

ExitCode make_send_plan(const SendWords& words, SendPlan& plan) {
    bool good = true;
    for (const Result<>& planned : {plan_signal(words, plan), plan_options(words, plan)}) {
        if (!planned) {
            report("send", planned.error());
            good = false;
        }
    }
    std::optional<Choice> choice = read_choice("send", words.select);
    if (!good || !choice) {
        return exit_usage;
    }
    plan.choice = std::move(*choice);
    if (const Result<> module = plan_module(words, plan); !module) {
        return fail("send", module.error());
    }
    return exit_done;
}

} // namespace sig2pid::cli
