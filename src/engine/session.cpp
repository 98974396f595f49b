// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/engine/session.hpp>

#include "engine/agent.hpp"
#include "engine/arm.hpp"
#include "engine/catalog.hpp"
#include "engine/channel_work.hpp"

#include <asio.hpp>
#include <cerrno>
#include <numeric>

namespace sig2pid::engine {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto tick = std::chrono::milliseconds(25); ///< how often queued sends and the count are looked at
constexpr auto settling = std::chrono::seconds(2);   ///< the longest wait for programs that still run after detaching

/// Waits for a descriptor that stays its owner's.
class Watched {
public:
    Watched(asio::io_context& context, int fd) : descriptor_(context) {
        if (fd >= 0) {
            descriptor_.assign(fd);
        }
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    ~Watched() {
        if (descriptor_.is_open()) {
            descriptor_.release();
        }
    }

    template <typename Handler> void when_readable(const Handler& handler) {
        if (descriptor_.is_open()) {
            descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, [handler](const asio::error_code& error) {
                if (!error) {
                    handler();
                }
            });
        }
    }

private:
    asio::posix::stream_descriptor descriptor_;
};

} // namespace

std::string_view to_string(Ending ending) noexcept {
    switch (ending) {
    case Ending::count_reached:
        return "count";
    case Ending::target_gone:
        return "target gone";
    case Ending::source_gone:
        return "source gone";
    case Ending::stopped:
        break;
    }
    return "stopped";
}

std::uint64_t Summary::total(Verdict verdict) const noexcept {
    return std::accumulate(
        verdicts.begin(), verdicts.end(), std::uint64_t{0},
        [verdict](std::uint64_t sum, const auto& rung) { return sum + rung[static_cast<std::size_t>(verdict)]; });
}

/// Brings descriptors and clocks to the agent, and ends when there is a reason to.
class Session::Loop {
public:
    Loop(std::optional<Process> target, std::unique_ptr<RuleWork> work, std::uint64_t count)
        : target_(std::move(target)), work_(std::move(work)), count_(count) {}

    [[nodiscard]] const std::optional<Process>& target() const noexcept { return target_; }

    void also_wait_for(int fd, std::function<void()> handler) {
        other_fd_ = fd;
        on_other_ = std::move(handler);
    }

    Ending run(int stop_fd, const Handler& handler) {
        asio::io_context context(1);
        Watched reports(context, work_->fd());
        Watched exit(context, target_ ? target_->fd() : -1);
        Watched stop(context, stop_fd);
        Watched other(context, other_fd_);
        asio::steady_timer timer(context);
        std::optional<Ending> ending;
        const auto end = [&](Ending why) {
            ending = ending.value_or(why);
            context.stop();
        };
        const auto end_if_complete = [&] {
            if (is_complete()) {
                end(Ending::count_reached);
            } else if (!work_->has_backlog() && work_->source_error()) {
                end(Ending::source_gone);
            }
        };
        bool ticking = false;
        const std::function<void()> start_tick = [&] {
            ticking = true;
            timer.expires_after(tick);
            timer.async_wait([&](const asio::error_code& error) {
                ticking = false;
                if (!error) {
                    work_->take_back_stuck(handler, stuck_after);
                    end_if_complete();
                    tick_if_needed(ticking, start_tick);
                }
            });
        };
        const std::function<void()> on_reports = [&] {
            work_->take_reports(handler);
            end_if_complete();
            tick_if_needed(ticking, start_tick);
            if (work_->has_backlog()) {
                asio::post(context, on_reports);
            } else {
                reports.when_readable(on_reports);
            }
        };
        const std::function<void()> on_other = [&] {
            on_other_();
            other.when_readable(on_other);
        };
        reports.when_readable(on_reports);
        other.when_readable(on_other);
        exit.when_readable([&] { end(Ending::target_gone); });
        stop.when_readable([&] { end(Ending::stopped); });
        tick_if_needed(ticking, start_tick);
        context.run();
        settle(handler);
        // who waited for that many signals may exit before the last report is read
        return is_complete() ? Ending::count_reached : *ending;
    }

    [[nodiscard]] Summary summary() const { return work_->summary(); }
    [[nodiscard]] std::optional<Error> source_error() const { return work_->source_error(); }

private:
    [[nodiscard]] bool is_complete() const { return count_ != 0 && work_->matched() >= count_; }

    /// What no descriptor tells: a send that its target does not run, and the count of a rule that reports nothing.
    /// Without either the agent sleeps until something happens.
    void tick_if_needed(bool ticking, const std::function<void()>& start) const {
        if (!ticking && (count_ != 0 || work_->has_queued())) {
            start();
        }
    }

    /// After the last event: programs that still run finish, and every match gets its verdict, or is lost when the
    /// target is too slow.
    void settle(const Handler& handler) {
        work_->detach();
        const auto deadline = Clock::now() + settling;
        work_->take_reports(handler);
        while (!work_->is_settled() && Clock::now() < deadline) {
            asio::io_context context;
            asio::steady_timer(context, std::chrono::milliseconds(1)).wait();
            work_->take_back_stuck(handler, stuck_after);
            work_->take_reports(handler);
        }
        work_->abandon(handler);
        while (work_->take_reports(handler) > 0) { // the account is complete, so the ring has all there is
        }
    }

    static constexpr auto stuck_after = std::chrono::milliseconds(50);

    std::optional<Process> target_;
    std::unique_ptr<RuleWork> work_;
    std::uint64_t count_;
    int other_fd_ = -1;
    std::function<void()> on_other_;
};

Session::Session(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

const std::optional<Process>& Session::target() const noexcept {
    return loop_->target();
}

Result<Ending> Session::run(int stop_fd, const Handler& handler) {
    return loop_->run(stop_fd, handler);
}

void Session::also_wait_for(int fd, std::function<void()> handler) {
    loop_->also_wait_for(fd, std::move(handler));
}

Summary Session::summary() const {
    return loop_->summary();
}

std::optional<Error> Session::source_error() const {
    return loop_->source_error();
}

namespace {

/// Pinned there, judged there where the kernel can, and attached last: anything wrong before leaves nothing behind.
Result<std::unique_ptr<RuleWork>> arm_in_kernel(const Rule& rule, Reports reports,
                                                const std::optional<Process>& target) {
    const auto kernel = KernelFeatures::read();
    if (!kernel) {
        return std::unexpected(kernel.error());
    }
    auto program =
        RuleProgram::load(rule, *kernel, reports == Reports::all ? Reporting::every_match : Reporting::needed_only);
    if (!program) {
        return forward_error(program);
    }
    if (target) {
        const auto seen = program->pin(*target);
        if (!seen) {
            return std::unexpected(seen.error());
        }
        if (auto judged = judge_target(*target, rule.text(), *seen); !judged) {
            return forward_error(judged);
        }
    }
    auto rung = PidfdRung::make(rule.text(), target);
    if (!rung) {
        return forward_error(rung);
    }
    if (auto attached = program->attach(); !attached) {
        return forward_error(attached);
    }
    return std::make_unique<AgentWork>(rule, std::move(*program), std::move(*rung), target);
}

/// The same steps for a channel of a module, where the kernel does no more than hand over records.
Result<std::unique_ptr<RuleWork>> subscribe(const Rule& rule, Reports reports, const std::optional<Process>& target) {
    if (auto judged = judge_target(*target, rule.text(), std::nullopt); !judged) {
        return forward_error(judged);
    }
    auto rung = PidfdRung::make(rule.text(), target);
    if (!rung) {
        return forward_error(rung);
    }
    auto subscription = Subscription::make(rule.source().channel);
    if (!subscription) {
        return forward_error(subscription);
    }
    return std::make_unique<ChannelWork>(rule, reports, std::move(*rung), *target, std::move(*subscription));
}

} // namespace

Result<Session> Session::arm(const Rule& rule, Reports reports) {
    auto target = pin_target(rule.text());
    if (!target) {
        return forward_error(target);
    }
    auto work =
        rule.source().channel.empty() ? arm_in_kernel(rule, reports, *target) : subscribe(rule, reports, *target);
    if (!work) {
        return forward_error(work);
    }
    return Session(std::make_unique<Loop>(std::move(*target), std::move(*work), rule.text().count));
}

} // namespace sig2pid::engine
