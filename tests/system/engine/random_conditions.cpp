// SPDX-License-Identifier: BSD-2-Clause
// The kernel must judge every event as evaluate() does, whatever the condition.
#include "observed.hpp"
#include "random_condition.hpp"

#include "helpers/rounds.hpp"

#include <sig2pid/engine/expression.hpp>

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr std::size_t calls_a_rule = 40;

/// A system call by this process, as its event tells it.
struct Call {
    std::array<std::uint64_t, 3> registers{};
    std::string path, comm;
    pid_t tid = 0;
};

/// What is called, where its path is and which arguments are integers.
struct Called {
    std::string event;
    long number = 0;
    std::array<std::string_view, 3> arguments;
    std::string_view path; ///< the argument that is one, or ""
};

const Called unlinkat_call = {"syscall:unlinkat", SYS_unlinkat, {"dfd", "pathname", "flag"}, "pathname"};
const Called lseek_call = {"syscall:lseek", SYS_lseek, {"fd", "offset", "whence"}, ""};
const Called getrandom_call = {"syscall:getrandom", SYS_getrandom, {"ubuf", "len", "flags"}, ""};

std::string own_cgroup() {
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("0::")) {
            return line.substr(3);
        }
    }
    return "/";
}

/// The kernel uses the lower bytes of a register; what stands above them must not matter.
std::uint64_t used_of(std::uint64_t value, const Field& field) {
    const unsigned shift = 64U - 8U * field.bytes;
    value <<= shift;
    return field.is_signed ? static_cast<std::uint64_t>(static_cast<std::int64_t>(value) >> shift) : value >> shift;
}

/// In an empty directory of its own, so that no name is there.
class RandomConditions : public Engine {
protected:
    /// Performs the calls in a thread that may change its directory alone.
    void perform(const Called& called, std::vector<Call>& calls) const {
        EXPECT_EQ(unshare(CLONE_FS), 0);
        EXPECT_EQ(chdir(directory().c_str()), 0);
        for (auto& call : calls) {
            call.tid = gettid();
            prctl(PR_SET_NAME, call.comm.c_str());
            auto registers = call.registers;
            for (std::size_t i = 0; i < registers.size(); i++) {
                if (!called.path.empty() && called.arguments[i] == called.path) {
                    registers[i] = reinterpret_cast<std::uint64_t>(call.path.c_str());
                }
            }
            EXPECT_EQ(syscall(called.number, registers[0], registers[1], registers[2]), -1);
        }
    }

    /// The values of the event's fields, but for the time.
    static std::vector<FieldValue> values(const Called& called, const Event& event, const Call& call) {
        static const std::string cgroup = own_cgroup();
        std::vector<FieldValue> all;
        for (const auto& field : event.fields) {
            const auto argument = std::ranges::find(called.arguments, field.name);
            if (field.name == called.path) {
                all.emplace_back(std::string_view(call.path));
            } else if (argument != called.arguments.end()) {
                const auto index = static_cast<std::size_t>(argument - called.arguments.begin());
                all.emplace_back(used_of(call.registers.at(index), field));
            } else if (field.name == "comm" || field.name == "cgroup") {
                all.emplace_back(std::string_view(field.name == "comm" ? call.comm : cgroup));
            } else {
                const std::map<std::string, std::uint64_t> own = {
                    {"time", 0}, {"pid", getpid()}, {"tid", call.tid}, {"ppid", getppid()}, {"uid", getuid()}};
                all.emplace_back(own.at(field.name));
            }
        }
        return all;
    }

    /// One line with all fields of an event, but for the time.
    static std::string line(const Event& event, const auto& value_at) {
        std::string out;
        for (std::size_t i = 0; i < event.fields.size(); i++) {
            if (event.fields[i].name != "time") {
                out += event.fields[i].name + "=" + value_at(i) + " ";
            }
        }
        return out;
    }

    static std::string line(const Event& event, const std::vector<FieldValue>& values) {
        return line(event, [&](std::size_t i) {
            const auto* number = std::get_if<std::uint64_t>(&values.at(i));
            return number != nullptr ? std::to_string(*number) : std::string(std::get<std::string_view>(values[i]));
        });
    }

    static std::string line(const Event& event, const Observed& match) {
        return line(event, [&](std::size_t i) {
            const Field& field = event.fields[i];
            return field.type == FieldType::string ? match.text(field.name) : std::to_string(match.number(field.name));
        });
    }

    std::vector<Call> random_calls(RandomCondition& random, const Called& called, const Event& event) {
        std::vector<Call> calls(calls_a_rule);
        for (auto& call : calls) {
            call.path = random.text(255);
            call.comm = random.text(15);
            for (std::size_t i = 0; i < called.arguments.size(); i++) {
                const auto field = std::ranges::find(event.fields, called.arguments[i], &Field::name);
                call.registers.at(i) = random.integer(*field);
                // an argument of 32 bits in a register with something else above it
                call.registers.at(i) ^= field->bytes == 4 && random.below(2) == 0 ? 0xabcd'0123'0000'0000U : 0;
            }
            make_harmless(called, call);
        }
        return calls;
    }

    /// No call may do anything: descriptors that are not open, flags that are not known.
    static void make_harmless(const Called& called, Call& call) {
        auto& registers = call.registers;
        if (called.number == SYS_getrandom) {
            registers[2] |= 0x100;
        } else if (static_cast<std::int32_t>(registers[0]) >= 0) {
            registers[0] |= 0x4000'0000;
        }
    }

    /// Arms the condition, performs the calls, and compares what was reported with what should have been.
    /// Returns how many calls should have matched.
    std::size_t compare(const Called& called, const Event& event, const std::string& where, const Predicate& predicate,
                        std::vector<Call> calls) {
        const auto outcome = watch(rule(called.event, where), [&] { perform(called, calls); });
        std::vector<std::string> expected;
        for (const auto& call : calls) {
            const auto all = values(called, event, call);
            if (evaluate(predicate, all)) {
                expected.push_back(line(event, all));
            }
        }
        std::vector<std::string> seen;
        for (const auto& match : observed(event, outcome.reports)) {
            seen.push_back(line(event, match));
        }
        EXPECT_EQ(seen, expected) << where;
        EXPECT_EQ(outcome.summary.matched, expected.size());
        EXPECT_EQ(outcome.summary.unjudged, 0U);
        EXPECT_EQ(received().size(), expected.size());
        return expected.size();
    }

    void compare_random(const Called& called, std::uint32_t seed, int wanted, std::span<const std::string_view> names) {
        const auto event = find_event(called.event);
        ASSERT_TRUE(event) << event.error().message();
        RandomCondition random(seed, *event, names);
        const auto rules = static_cast<std::size_t>(wanted);
        std::size_t matched = 0;
        std::size_t refused = 0;
        for (std::size_t armed = 0; armed < rules && !HasFailure();) {
            const auto where =
                fmt::format("pid == {} && ({})", getpid(), random.condition(static_cast<int>(armed % 4)));
            const auto expression = Expression::parse(where, event->fields);
            ASSERT_TRUE(expression || where.size() > Expression::max_text) << where << expression.error().message();
            const auto predicate = expression ? lower(*expression) : std::unexpected(expression.error());
            if (!predicate) {
                ASSERT_LT(++refused, rules / 2) << "too many conditions are beyond a predicate's limits";
                continue;
            }
            matched += compare(called, *event, where, *predicate, random_calls(random, called, *event));
            armed++;
        }
        // conditions that nothing or everything satisfies would show nothing
        EXPECT_GT(matched, rules * calls_a_rule / 10);
        EXPECT_LT(matched, rules * calls_a_rule * 9 / 10);
    }
};

TEST_F(RandomConditions, on_a_path_and_two_ints) {
    compare_random(unlinkat_call, 20'260'101, test::rounds(60, 20),
                   std::array<std::string_view, 5>{"dfd", "pathname", "flag", "comm", "cgroup"});
}

TEST_F(RandomConditions, on_a_signed_64_bit_argument) {
    compare_random(lseek_call, 7, test::rounds(20, 8), std::array<std::string_view, 3>{"fd", "offset", "whence"});
}

TEST_F(RandomConditions, on_an_unsigned_64_bit_argument) {
    compare_random(getrandom_call, 8, test::rounds(20, 8), std::array<std::string_view, 3>{"ubuf", "len", "flags"});
}

} // namespace

} // namespace sig2pid::engine
