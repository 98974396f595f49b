// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <compare>
#include <csignal>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sig2pid {

/// What a signal does to a process that neither catches, blocks nor ignores it; see signal(7).
enum class DefaultAction { terminate, core, stop, cont, ignore };

/// "terminate", "core", "stop", "continue" or "ignore".
[[nodiscard]] std::string_view to_string(DefaultAction action) noexcept;

/// One of the 64 signals, 1 to 64. Signal 0, which only probes, is not one: see probe() in send.hpp.
class Signal {
public:
    static constexpr int min = 1;
    static constexpr int max = 64;

    /// For a number known to be right, such as SIGTERM.
    /// \throws std::out_of_range outside 1 to 64: a programmer's error. Use from_number() for what came from outside.
    explicit Signal(int number);

    /// EINVAL outside 1 to 64.
    [[nodiscard]] static Result<Signal> from_number(int number);

    /// Reads USR1, SIGUSR1, usr1, 10, RTMIN, RTMIN+3, SIGRTMAX-1 and the aliases POLL, IOT and CLD.
    /// RTMIN is what libc leaves to programs (34 with glibc); the two below are reached by number.
    /// \return EINVAL with Reason::invalid_signal and the nearest name in the text.
    [[nodiscard]] static Result<Signal> parse(std::string_view text);

    [[nodiscard]] int number() const noexcept { return number_; }

    /// "SIGUSR1", "SIGRTMIN+3", "SIGRTMAX-1"; "SIG32" and "SIG33" for those that libc keeps. parse() reads it back.
    [[nodiscard]] std::string name() const;

    [[nodiscard]] DefaultAction default_action() const noexcept;

    /// 32 to 64: queued one by one, with their payloads, where a standard signal is pending once or not at all.
    [[nodiscard]] bool is_realtime() const noexcept { return number_ >= 32; }

    /// 32 and 33 with glibc: libc uses them between threads, and a program that touches them breaks.
    [[nodiscard]] bool is_reserved_by_libc() const noexcept;

    friend auto operator<=>(const Signal&, const Signal&) = default;

private:
    struct Unchecked {};
    Signal(Unchecked, int number) noexcept : number_(number) {}

    int number_;
};

/// A set of signals as the kernel keeps it: 64 bits, bit 0 is signal 1.
class SignalSet {
public:
    SignalSet() noexcept = default;
    SignalSet(std::initializer_list<Signal> signals) noexcept;

    /// All 64.
    [[nodiscard]] static SignalSet full() noexcept { return from_mask(~std::uint64_t{0}); }
    [[nodiscard]] static SignalSet from_mask(std::uint64_t mask) noexcept;

    void insert(Signal signal) noexcept { mask_ |= bit(signal); }
    void erase(Signal signal) noexcept { mask_ &= ~bit(signal); }
    [[nodiscard]] bool contains(Signal signal) const noexcept { return (mask_ & bit(signal)) != 0; }
    [[nodiscard]] bool empty() const noexcept { return mask_ == 0; }
    [[nodiscard]] int size() const noexcept { return __builtin_popcountll(mask_); }
    [[nodiscard]] std::uint64_t mask() const noexcept { return mask_; }

    /// For libc calls. 32 and 33 are in the set, though most libc functions quietly take them out.
    [[nodiscard]] sigset_t to_sigset() const noexcept;

    friend bool operator==(const SignalSet&, const SignalSet&) = default;

private:
    [[nodiscard]] static std::uint64_t bit(Signal signal) noexcept {
        return std::uint64_t{1} << static_cast<unsigned>(signal.number() - 1);
    }

    std::uint64_t mask_ = 0;
};

} // namespace sig2pid
