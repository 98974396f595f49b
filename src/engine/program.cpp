// SPDX-License-Identifier: BSD-2-Clause
#include "engine/program.hpp"

#include "engine/loading.hpp"

#include <sig2pid/unique_fd.hpp>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <linux/perf_event.h>
#include <rule.skel.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace sig2pid::engine {

namespace {

constexpr __u32 smallest_ring = 1U << 19U; ///< bytes
constexpr __u32 matches_in_ring = 4096;    ///< room for a burst of so many, up to the largest ring
constexpr __u32 largest_ring = 1U << 22U;

bpf_program* program_for(const ::rule& skeleton, Program program) {
    switch (program) {
    case Program::exec:
        return skeleton.progs.on_exec;
    case Program::exit:
        return skeleton.progs.on_exit;
    case Program::fork:
        return skeleton.progs.on_fork;
    case Program::oom_kill:
        return skeleton.progs.on_oom_kill;
    case Program::signal:
        return skeleton.progs.on_signal;
    case Program::record:
        break;
    }
    return skeleton.progs.on_record;
}

__u32 ring_size(__u32 payload) {
    __u32 size = smallest_ring;
    while (size < largest_ring && size < matches_in_ring * (payload + sizeof(s2p_match))) {
        size *= 2;
    }
    return size;
}

UniqueFd open_tracepoint(std::uint32_t id) {
    perf_event_attr attributes = {};
    attributes.type = PERF_TYPE_TRACEPOINT;
    attributes.size = sizeof(attributes);
    attributes.config = id;
    attributes.sample_period = 1;
    // a BPF program of a tracepoint runs on every CPU, whichever the event was opened for
    return UniqueFd(static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
}

struct RuleCloser {
    void operator()(::rule* skeleton) const { rule__destroy(skeleton); }
};
struct RingCloser {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

} // namespace

struct RuleProgram::State {
    std::unique_ptr<::rule, RuleCloser> skeleton;
    std::unique_ptr<ring_buffer, RingCloser> ring;
    Link event, follow;
    bpf_program* program = nullptr;
    std::uint32_t tracepoint = 0;
    bool can_pin = false;
    const Handler* handler = nullptr;
    int budget = 0; ///< reports that the current consume() may still hand over

    /// Runs a program of the type syscall; the kernel writes its context back to where it was read.
    int run(const bpf_program* target, void* context, std::size_t size) const {
        bpf_test_run_opts options = {};
        options.sz = sizeof(options);
        options.ctx_in = context;
        options.ctx_size_in = static_cast<__u32>(size);
        const int error = bpf_prog_test_run_opts(bpf_program__fd(target), &options);
        return error != 0 ? error : static_cast<int>(options.retval);
    }

    /// Only what this rule needs is loaded; the rest would cost time and might not pass on an older kernel.
    void select(const KernelFeatures& kernel, bool is_pinned) const {
        bpf_program* each = nullptr;
        bpf_object__for_each_program(each, skeleton->obj) {
            bpf_program__set_autoload(each, each == program);
        }
        const bool pins = kernel.pin_task && is_pinned;
        bpf_program__set_autoload(skeleton->progs.bind_target, pins);
        bpf_program__set_autoload(skeleton->progs.follow_exec, pins);
        bpf_program__set_autoload(skeleton->progs.claim_slot, kernel.task_work);
        bpf_map__set_autocreate(skeleton->maps.pins, kernel.pin_task);
        bpf_map__set_autocreate(skeleton->maps.slots, kernel.task_work);
        bpf_map__set_autocreate(skeleton->maps.exits, !kernel.exit_has_group_dead);
    }

    static int on_report(void* context, void* data, std::size_t size) {
        auto* self = static_cast<State*>(context);
        const auto* match = static_cast<const s2p_match*>(data);
        if (size >= sizeof(s2p_match)) {
            (*self->handler)(*match, {reinterpret_cast<const std::byte*>(match + 1), size - sizeof(s2p_match)});
        }
        return --self->budget > 0 ? 0 : -EAGAIN;
    }
};

RuleProgram::RuleProgram(std::unique_ptr<State> state) : state_(std::move(state)) {}
RuleProgram::RuleProgram(RuleProgram&&) noexcept = default;
RuleProgram& RuleProgram::operator=(RuleProgram&&) noexcept = default;
RuleProgram::~RuleProgram() = default;

Result<RuleProgram> RuleProgram::load(const Rule& rule, const KernelFeatures& kernel, Reporting reporting) {
    listen_to_libbpf();
    auto state = std::make_unique<State>();
    state->skeleton.reset(rule__open());
    if (!state->skeleton) {
        return kernel_refused(errno, "bpf_object__open", "read the BPF program");
    }
    auto* data = state->skeleton->rodata;
    auto agent = Agent::self();
    if (!agent) {
        return forward_error(agent);
    }
    if (auto encoded = encode(rule, kernel, *agent, data->rule, data->literals); !encoded) {
        return std::unexpected(encoded.error());
    }
    data->rule.quiet = reporting == Reporting::needed_only ? 1 : 0;
    data->task_work_is_impl = kernel.task_work_is_impl ? 1 : 0;
    state->program = program_for(*state->skeleton, rule.source().program);
    state->tracepoint = rule.source().tracepoint;
    state->can_pin = kernel.pin_task;
    state->select(kernel, data->rule.target == S2P_PINNED);
    bpf_map__set_max_entries(state->skeleton->maps.reports, ring_size(data->rule.payload));
    if (const Result<> loaded = load_skeleton(*state->skeleton->skeleton); !loaded) {
        return std::unexpected(loaded.error());
    }
    state->ring.reset(
        ring_buffer__new(bpf_map__fd(state->skeleton->maps.reports), State::on_report, state.get(), nullptr));
    if (!state->ring) {
        return kernel_refused(errno, "ring_buffer__new", "map the ring buffer");
    }
    return RuleProgram(std::move(state));
}

Result<std::optional<Verdict>> RuleProgram::pin(const Process& target) {
    if (!state_->can_pin) {
        return std::nullopt;
    }
    // followed before it is pinned, so that no exec falls between
    state_->follow.reset(bpf_program__attach(state_->skeleton->progs.follow_exec));
    if (!state_->follow) {
        return kernel_refused(errno, "bpf_link_create", "follow the target through its execs");
    }
    s2p_bind request = {.pid = static_cast<__u32>(target.pid()), .verdict = 0};
    const int error = state_->run(state_->skeleton->progs.bind_target, &request, sizeof(request));
    const auto now = target.state();
    if (!now) {
        return std::unexpected(now.error());
    }
    if (error == -ESRCH && *now == ProcessState::alive) {
        // seen of PID 1 in a container whose kernel finds no task of that number: its pidfd is good all the same, so
        // the programs find no pin, and hand each match to the agent
        return std::nullopt;
    }
    if (error == -ESRCH || *now == ProcessState::gone) {
        return failure(ESRCH, "bind_target", "process " + std::to_string(target.pid()) + " is gone", Reason::gone);
    }
    if (error != 0) {
        return kernel_refused(-error, "bpf_prog_test_run", "pin the target");
    }
    return request.verdict < S2P_VERDICTS ? static_cast<Verdict>(request.verdict) : Verdict::delivered;
}

Result<> RuleProgram::attach() {
    if (state_->program != state_->skeleton->progs.on_record) {
        state_->event.reset(bpf_program__attach(state_->program));
    } else {
        UniqueFd fd = open_tracepoint(state_->tracepoint);
        if (!fd) {
            return kernel_refused(errno, "perf_event_open", "open the tracepoint");
        }
        state_->event.reset(bpf_program__attach_perf_event(state_->program, fd.get()));
        if (state_->event) {
            static_cast<void>(fd.release()); // the link closes it
        }
    }
    if (!state_->event) {
        return kernel_refused(errno, "bpf_program__attach", "attach the BPF program");
    }
    return {};
}

void RuleProgram::detach() {
    state_->event.reset();
}

int RuleProgram::fd() const {
    return bpf_map__fd(state_->skeleton->maps.reports); // not libbpf's epoll, which would be one more to wake
}

void RuleProgram::consume(const Handler& handler) {
    state_->handler = &handler;
    state_->budget = static_cast<int>(reports_at_once);
    ring_buffer__consume(state_->ring.get());
    state_->handler = nullptr;
}

bool RuleProgram::claim(std::uint64_t seq, std::uint32_t slot) {
    s2p_claim request = {.seq = seq, .slot = slot, .target_gone = 0};
    return state_->run(state_->skeleton->progs.claim_slot, &request, sizeof(request)) == 1;
}

void RuleProgram::release_slot(std::uint64_t seq, std::uint32_t slot) {
    s2p_claim request = {.seq = seq, .slot = slot, .target_gone = 1};
    state_->run(state_->skeleton->progs.claim_slot, &request, sizeof(request));
}

const s2p_field& RuleProgram::layout(std::size_t field) const {
    return state_->skeleton->rodata->rule.field[field];
}

s2p_counters RuleProgram::counters() const {
    const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
    std::vector<s2p_counters> each(cpus);
    s2p_counters sum = {};
    const __u32 key = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(state_->skeleton->maps.counters), &key, each.data()) != 0) {
        return sum;
    }
    for (const auto& one : each) {
        for (std::size_t i = 0; i < std::size_t{S2P_RUNGS} * S2P_VERDICTS; i++) {
            sum.verdict[i / S2P_VERDICTS][i % S2P_VERDICTS] += one.verdict[i / S2P_VERDICTS][i % S2P_VERDICTS];
        }
        sum.handed_over += one.handed_over;
        sum.lost += one.lost;
        sum.unreported += one.unreported;
        sum.unjudged += one.unjudged;
    }
    return sum;
}

std::uint64_t RuleProgram::matched() const {
    const std::uint64_t taken = __atomic_load_n(&state_->skeleton->bss->state.seq, __ATOMIC_ACQUIRE);
    const std::uint64_t limit = state_->skeleton->rodata->rule.count;
    return limit != 0 && taken > limit ? limit : taken;
}

std::uint64_t RuleProgram::missed() const {
    bpf_prog_info info = {};
    __u32 size = sizeof(info);
    return bpf_obj_get_info_by_fd(bpf_program__fd(state_->program), &info, &size) == 0 ? info.recursion_misses : 0;
}

} // namespace sig2pid::engine
