// SPDX-License-Identifier: BSD-2-Clause
#include "engine/encode.hpp"

#include "engine/capability.hpp"
#include "engine/catalog.hpp"

#include <sig2pid/process_info.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr __u32 initial_pid_namespace = 0xEFFFFFFC; // PROC_PID_INIT_INO, fixed in the kernel's ABI

__u16 narrow(std::size_t value) {
    return static_cast<__u16>(value);
}

/// Puts the strings and patterns of terms one after the other.
class LiteralPool {
public:
    explicit LiteralPool(s2p_literals& literals) : literals_(literals) {}

    Result<> add(const Term& term, s2p_term& out) {
        if (term.op == Op::glob) {
            return add_glob(term, out);
        }
        return term.is_string && !term.other_field ? add_text(term, out) : Result<>();
    }

private:
    Result<> add_text(const Term& term, s2p_term& out) {
        if (bytes_ + term.text.size() + 1 > sizeof(literals_.text)) {
            return failure(EINVAL, "encode", "--where: the strings are too long together", Reason::bad_input);
        }
        std::memcpy(reinterpret_cast<char*>(literals_.text) + bytes_, term.text.c_str(), term.text.size() + 1);
        out.text = narrow(bytes_);
        out.length = narrow(term.text.size());
        bytes_ += (term.text.size() / 8 + 1) * 8;
        return {};
    }

    Result<> add_glob(const Term& term, s2p_term& out) {
        if (tokens_ + term.glob.size() > S2P_MAX_GLOBS) {
            return failure(EINVAL, "encode", "--where: the patterns are too long together", Reason::bad_input);
        }
        out.text = narrow(tokens_);
        out.length = narrow(term.glob.size());
        for (const auto& token : term.glob) {
            literals_.globs[tokens_++] = {.kind = static_cast<__u8>(token.kind), .arg = token.arg};
        }
        return {};
    }

    s2p_literals& literals_;
    std::size_t bytes_ = 0;  ///< of texts
    std::size_t tokens_ = 0; ///< of patterns
};

/// The two sides number operators, tokens and verdicts alike.
static_assert(static_cast<int>(Op::equal) == S2P_EQUAL && static_cast<int>(Op::glob) == S2P_GLOB);
static_assert(static_cast<int>(GlobToken::literal) == S2P_GLOB_LITERAL &&
              static_cast<int>(GlobToken::set) == S2P_GLOB_SET);
static_assert(accept == S2P_ACCEPT && reject == S2P_REJECT);
static_assert(Predicate::max_terms <= S2P_MAX_TERMS && Predicate::max_sets <= S2P_MAX_SETS);

/// Of an element, from the beginning of its array; 0 for a field that is none.
__u16 place_of(std::uint16_t element, const s2p_field& field) {
    return narrow(std::size_t{element} * field.size);
}

s2p_term encode_term(const Term& term) {
    s2p_term out = {};
    out.op = static_cast<__u8>(term.op);
    out.is_string = term.is_string ? 1 : 0;
    out.is_signed = term.is_signed ? 1 : 0;
    out.has_other = term.other_field ? 1 : 0;
    out.field = term.field;
    out.other = term.other_field.value_or(0);
    out.on_true = term.on_true;
    out.on_false = term.on_false;
    out.mask = term.mask;
    out.value = term.value;
    return out;
}

Result<> encode_predicate(const Predicate& predicate, s2p_rule& out, s2p_literals& literals) {
    LiteralPool pool(literals);
    for (const auto& term : predicate.terms) {
        auto& slot = out.term[out.terms++];
        slot = encode_term(term);
        slot.from = place_of(term.element, out.field[slot.field]);
        slot.other_from = place_of(term.other_element, out.field[slot.other]);
        if (Result<> added = pool.add(term, slot); !added) {
            return added;
        }
    }
    for (std::size_t i = 0; i < predicate.sets.size(); i++) {
        std::memcpy(literals.sets[i], predicate.sets[i].data(), sizeof(literals.sets[i]));
    }
    return {};
}

/// The bytes that its value takes in a match, a multiple of 8.
__u16 room_for(const Field& field) {
    const std::size_t bytes = field.type == FieldType::string ? field.capacity + std::size_t{1}
                              : field.elements != 0           ? std::size_t{field.elements} * field.bytes
                                                              : sizeof(__u64);
    return narrow((bytes + 7) / 8 * 8);
}

void encode_fields(const SourcedEvent& source, s2p_rule& out) {
    for (std::size_t i = 0; i < source.loads.size(); i++) {
        const Field& field = source.event.fields[i];
        s2p_field load = source.loads[i];
        load.at = narrow(out.payload);
        load.room = room_for(field);
        out.payload += load.room;
        out.field[i] = load;
    }
    out.fields = static_cast<__u32>(source.loads.size());
}

void encode_value(const RuleValue& value, s2p_rule& out) {
    if (const auto* constant = std::get_if<ConstantValue>(&value)) {
        out.value_kind = S2P_VALUE_CONSTANT;
        out.value = constant->bits;
    } else if (const auto* field = std::get_if<FieldValueOf>(&value)) {
        out.value_kind = S2P_VALUE_FIELD;
        out.value_field = field->field;
        out.value_from = place_of(field->element, out.field[field->field]);
    } else {
        out.value_kind = S2P_VALUE_SEQ;
    }
}

/// Before 6.13 the kernel can signal the task that caused the event, and no other, without a payload (5.3).
bool is_for_current_alone(const Rule& rule) {
    const auto* named = std::get_if<NamedTarget>(&rule.text().target);
    return named != nullptr && *named == NamedTarget::current && rule.text().value.empty();
}

/// The rung that was asked for and those below it, as far as the kernel and the event allow.
__u32 encode_rungs(const Rule& rule, const KernelFeatures& kernel) {
    const Rung first = rule.text().rung.value_or(Rung::direct);
    const bool in_kernel = kernel.pin_task && !rule.source().is_raised_by_sending;
    __u32 rungs = 1U << S2P_PIDFD;
    const bool by_old_way = !kernel.pin_task && !rule.source().is_raised_by_sending && is_for_current_alone(rule);
    if (first == Rung::direct && (by_old_way || (in_kernel && kernel.send_signal_task))) {
        rungs |= 1U << S2P_DIRECT;
    }
    if (in_kernel && kernel.task_work && first != Rung::pidfd) {
        rungs |= 1U << S2P_TASK_WORK;
    }
    return rungs;
}

} // namespace

void encode_agent(const Agent& agent, s2p_rule& out) {
    out.agent = static_cast<__u32>(agent.pid);
    std::memcpy(out.ancestors, agent.ancestors, sizeof(out.ancestors));
    out.ns_inum = agent.namespace_inode;
    out.ns_is_initial = agent.namespace_inode == initial_pid_namespace ? 1 : 0;
    out.check_uid = agent.has_cap_kill ? 0 : 1;
    out.uid = agent.uid;
    out.euid = agent.euid;
}

Result<Agent> Agent::self() {
    struct stat info = {};
    if (stat("/proc/self/ns/pid", &info) != 0) {
        return failure(
            errno, "stat",
            "a rule needs /proc, where /proc/self/ns/pid tells the PID namespace that it counts in: mount it");
    }
    Agent agent;
    agent.namespace_inode = static_cast<__u32>(info.st_ino);
    agent.pid = getpid();
    agent.thread = gettid();
    agent.uid = getuid();
    agent.euid = geteuid();
    agent.has_cap_kill = has_capability(Capability::kill);
    Result<std::vector<pid_t>> all = sig2pid::ancestors();
    if (!all) {
        return forward_error(all);
    }
    all->resize(std::min<std::size_t>(all->size(), S2P_MAX_ANCESTORS));
    std::ranges::copy(*all, agent.ancestors);
    return agent;
}

bool can_spare_ancestors() {
    const Result<std::vector<pid_t>> all = sig2pid::ancestors();
    return all && all->size() <= S2P_MAX_ANCESTORS;
}

s2p_default default_of(Signal signal) noexcept {
    switch (signal.default_action()) {
    case DefaultAction::terminate:
    case DefaultAction::core:
        return S2P_ENDS;
    case DefaultAction::stop:
        return S2P_STOPS;
    case DefaultAction::cont:
        return S2P_CONTINUES;
    case DefaultAction::ignore:
        break;
    }
    return S2P_DISCARDED;
}

bool default_is_meant(const RuleText& rule) noexcept {
    const int number = rule.signal.number();
    return rule.default_policy == DefaultPolicy::allow || number == SIGKILL || number == SIGSTOP || number == SIGTERM;
}

Result<> encode(const Rule& rule, const KernelFeatures& kernel, const Agent& agent, s2p_rule& out,
                s2p_literals& literals) {
    const RuleText& text = rule.text();
    out = {};
    out.signal = static_cast<__u32>(text.signal.number());
    out.default_action = default_of(text.signal);
    out.allow_default = default_is_meant(text) ? 1 : 0;
    out.rungs = encode_rungs(rule, kernel);
    out.skip_thread = rule.source().skips_agent ? static_cast<__u32>(agent.thread) : 0;
    out.can_look = kernel.pin_task ? 1 : 0;
    out.can_cast = kernel.cast ? 1 : 0;
    out.count = text.count;
    if (text.limit) {
        out.limit = text.limit->count;
        out.limit_ns = static_cast<__u64>(text.limit->period.count());
    }
    if (const auto* named = std::get_if<NamedTarget>(&text.target)) {
        out.target = *named == NamedTarget::current   ? S2P_CURRENT
                     : *named == NamedTarget::subject ? S2P_SUBJECT
                                                      : S2P_PARENT;
    }
    out.exit_has_group_dead = kernel.exit_has_group_dead ? 1 : 0;
    out.task_struct = kernel.task_struct;
    // each CPU has at most one asynchronous send under way; twice that, for other senders to the same user
    out.margin = static_cast<__u32>(2 * sysconf(_SC_NPROCESSORS_CONF) + 8);
    encode_agent(agent, out);
    encode_fields(rule.source(), out);
    encode_value(rule.value(), out);
    return rule.predicate() ? encode_predicate(*rule.predicate(), out, literals) : Result<>();
}

} // namespace sig2pid::engine
