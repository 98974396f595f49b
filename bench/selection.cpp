// SPDX-License-Identifier: BSD-2-Clause
// One signal to all processes of one name, each time as a program of its own, among thousands of processes. After each
// run all of them are asked: who did not reach every one has not won.
#include "bench/measure.hpp"
#include "bench/program.hpp"
#include "bench/sleepers.hpp"

#include <array>
#include <fmt/format.h>
#include <stdexcept>
#include <unistd.h>

namespace sig2pid::bench {
namespace {

constexpr uid_t somebody = 65534; ///< nobody, on Debian

/// A program that signals all sleepers.
struct Contender {
    std::string name;
    std::vector<std::string> words;
    Samples milliseconds = {}, mebibytes = {};

    void measure(Sleepers& sleepers, std::size_t count, uid_t user) {
        const std::int64_t began = now_ns();
        const Ended ended = run_as(words, user);
        const std::int64_t done = now_ns();
        const std::size_t reached = sleepers.take();
        if (ended.status != 0 || reached != count) {
            throw std::runtime_error(
                fmt::format("{} ended with status {:#x} and reached {} of {}", name, ended.status, reached, count));
        }
        milliseconds.add(static_cast<double>(done - began) / 1e6);
        mebibytes.add(static_cast<double>(ended.peak_kib) / 1024);
    }
};

Contender ours(const Settings& settings, const std::string& backend) {
    return {"sig2pid", {settings.sig2pid, "send", "-s", "USR1", "--backend", backend, "name:" + Sleepers::name()}};
}

std::vector<Contender> peers() {
    std::vector<Contender> all;
    for (const auto& [path, exact] : {std::pair("/usr/bin/pkill", "-x"), std::pair("/usr/bin/killall", "-e")}) {
        if (access(path, X_OK) == 0) {
            all.push_back({std::string(path).substr(9), {path, "-USR1", exact, Sleepers::name()}});
        }
    }
    return all;
}

/// How many times faster than the peer it shall be.
double factor(const Contender& peer, uid_t user) {
    return peer.name == "pkill" ? (user == 0 ? 20 : 5) : (user == 0 ? 4 : 0);
}

Figures compare(const std::string& what, const Contender& own, const std::vector<Contender>& others, uid_t user) {
    Figures figures;
    for (const Contender& peer : others) {
        const double times = factor(peer, user);
        figures.push_back({.what = what,
                           .unit = "ms",
                           .samples = own.milliseconds,
                           .compared_with = peer.name,
                           .compared = peer.milliseconds,
                           .bound = times > 0 ? Bound::ratio : Bound::none,
                           .most = times > 0 ? 1 / times : 0});
    }
    return figures;
}

/// Everybody in turn, so that what else the machine does falls on all.
Figures race(const Settings& settings, std::size_t count, uid_t user) {
    Sleepers sleepers(count, somebody);
    Contender own = ours(settings, "auto");
    std::vector<Contender> others = peers();
    const int rounds = settings.repeats(9, 3);
    for (int round = 0; round < rounds; round++) {
        progress(settings, "selection", round, rounds);
        own.measure(sleepers, count, user);
        for (Contender& other : others) {
            other.measure(sleepers, count, user);
        }
    }
    const std::string what = fmt::format("send by name, {} processes{}", count, user == 0 ? "" : ", without root");
    Figures figures = compare(what, own, others, user);
    figures.push_back({.what = what + ": resident memory",
                       .unit = "MiB",
                       .samples = own.mebibytes,
                       .bound = Bound::value,
                       .most = 64});
    return figures;
}

/// A bar of so many millimetres of terminal.
std::string bar(double milliseconds, double scale) {
    std::string line;
    for (int i = 0; i < static_cast<int>(milliseconds * scale + 0.5); i++) {
        line += '#';
    }
    return line;
}

/// How the time grows: each figure beside what a straight line through the largest count would give it.
Figures growth(const Settings& settings, const std::string& backend) {
    constexpr std::array counts = {1'000, 5'000, 10'000, 20'000, 30'000};
    Figures figures;
    for (const int count : counts) {
        Sleepers sleepers(static_cast<std::size_t>(count), somebody);
        Contender own = ours(settings, backend);
        for (int round = 0; round < settings.repeats(7, 3); round++) {
            own.measure(sleepers, static_cast<std::size_t>(count), 0);
        }
        figures.push_back({.what = fmt::format("send by name, {}, {} processes", backend, count),
                           .unit = "ms",
                           .samples = own.milliseconds});
    }
    const double longest = figures.back().samples.p50();
    for (Figure& figure : figures) {
        figure.note = bar(figure.samples.p50(), 40 / longest);
    }
    return figures;
}

void append(Figures& all, Figures more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

Figures selection(const Settings& settings) {
    constexpr std::size_t many = 20'000;
    Figures figures = race(settings, many, 0);
    append(figures, race(settings, many, somebody));
    append(figures, growth(settings, "bpf"));
    append(figures, growth(settings, "proc"));
    return figures;
}

} // namespace sig2pid::bench
