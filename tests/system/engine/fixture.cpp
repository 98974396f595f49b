// SPDX-License-Identifier: BSD-2-Clause
#include "fixture.hpp"

#include "engine/capability.hpp"
#include "engine/kernel.hpp"

#include <csignal>
#include <cstdlib>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

SignalSet expected_signals() {
    SignalSet set = {Signal(SIGUSR1)};
    for (int i = 1; i < 10; i++) {
        set.insert(Signal(SIGRTMIN + i));
    }
    return set;
}

Reported keep(const Match& match) {
    Reported kept{match, {}};
    for (const auto& field : match.fields) {
        if (!field) {
            kept.fields.emplace_back();
        } else if (const auto* text = std::get_if<std::string_view>(&*field)) {
            kept.fields.emplace_back(std::string(*text));
        } else if (const auto* elements = std::get_if<std::span<const std::uint64_t>>(&*field)) {
            kept.fields.emplace_back(std::vector<std::uint64_t>(elements->begin(), elements->end()));
        } else {
            kept.fields.emplace_back(std::get<std::uint64_t>(*field));
        }
    }
    kept.match.fields = {};
    return kept;
}

} // namespace

void call_often(int times) {
    for (int i = 0; i < times; i++) {
        syscall(SYS_getpgid, 0x5150);
    }
}

Engine::Engine() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sig2pid-test-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
}

void Engine::SetUp() {
    const std::string missing = missing_for_bpf();
    if (!missing.empty()) {
        GTEST_SKIP() << "loading BPF programs needs " << missing << " or root";
    }
    auto receiver = Receiver::make(expected_signals());
    ASSERT_TRUE(receiver) << receiver.error().message();
    receiver_ = std::move(*receiver);
    receiver_->leave_blocked();
    static_cast<void>(received());
}

RuleText Engine::rule(std::string event, std::string where) {
    RuleText text;
    text.event = std::move(event);
    text.where = std::move(where);
    text.signal = Signal(SIGRTMIN + 3);
    text.target = *parse_rule_target(std::to_string(getpid()));
    return text;
}

Engine::Outcome Engine::watch(RuleText text, const std::function<void()>& cause, Reports reports) {
    Outcome outcome;
    auto checked = Rule::check(std::move(text));
    EXPECT_TRUE(checked) << checked.error().message();
    auto session = checked ? Session::arm(*checked, reports) : Result<Session>(std::unexpected(checked.error()));
    EXPECT_TRUE(session) << session.error().message();
    if (!session) {
        return outcome;
    }
    const UniqueFd stop(eventfd(0, EFD_CLOEXEC));
    ended_ = false;
    began_ = std::chrono::steady_clock::now();
    std::thread causing([&] {
        cause();
        eventfd_write(stop.get(), 1);
    });
    auto ending = session->run(stop.get(), [&](const Match& match) { outcome.reports.push_back(keep(match)); });
    ended_ = true;
    causing.join();
    EXPECT_TRUE(ending);
    outcome.ending = *ending;
    outcome.summary = session->summary();
    return outcome;
}

bool Engine::is_over() const {
    return ended_ || std::chrono::steady_clock::now() - began_ > std::chrono::seconds(30);
}

std::optional<Error> Engine::refusal(const RuleText& text) {
    const auto checked = Rule::check(text);
    if (!checked) {
        return checked.error();
    }
    const auto session = Session::arm(*checked);
    return session ? std::nullopt : std::optional(session.error());
}

std::vector<ReceivedSignal> Engine::received() {
    std::vector<ReceivedSignal> all;
    for (;;) {
        auto next = receiver_->receive(std::chrono::nanoseconds(0));
        if (!next || !*next) {
            return all;
        }
        all.push_back(**next);
    }
}

bool Engine::await_signal() {
    const auto next = receiver_->receive(std::chrono::seconds(10));
    return next && *next;
}

void Engine::run_named(const std::string& name, int code) const {
    const auto path = directory_ / name;
    if (!std::filesystem::exists(path)) {
        std::filesystem::create_symlink("/bin/sh", path);
    }
    const std::vector<std::string> command = {path.string(), "-c", "exit " + std::to_string(code)};
    auto child = Process::spawn(command);
    ASSERT_TRUE(child) << child.error().message();
    ASSERT_EQ(reap(*child), code);
}

std::uint64_t Engine::number(const Rule& rule, const Reported& report, std::string_view field) {
    const auto& fields = rule.event().fields;
    for (std::size_t i = 0; i < fields.size(); i++) {
        if (fields[i].name == field && report.fields[i]) {
            return std::get<std::uint64_t>(*report.fields[i]);
        }
    }
    ADD_FAILURE() << "no integer field " << field;
    return 0;
}

std::string missing_rung(std::optional<Rung> rung) {
    const auto kernel = KernelFeatures::read();
    EXPECT_TRUE(kernel);
    if (rung == Rung::direct && !kernel->send_signal_task) {
        return "bpf_send_signal_task is in Linux 6.13 and later, this is " + kernel_release();
    }
    if (rung == Rung::task_work && !kernel->task_work) {
        return "bpf_task_work_schedule_signal is in Linux 6.18 and later, this is " + kernel_release();
    }
    return {};
}

RuleTarget target_of(const Process& process) {
    return *parse_rule_target(process.token().to_string());
}

void unblock_all() {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

int reap(const Process& child) {
    siginfo_t info = {};
    int result = 0;
    do {
        result = waitid(P_PIDFD, static_cast<id_t>(child.fd()), &info, WEXITED);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? info.si_status : -1;
}

} // namespace sig2pid::engine
