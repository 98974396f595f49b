// SPDX-License-Identifier: BSD-2-Clause
#include "engine/task_pass.hpp"

#include "engine/encode.hpp"
#include "engine/kernel.hpp"
#include "engine/loading.hpp"

#include <sig2pid/unique_fd.hpp>

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <memory>
#include <span>
#include <sys/mman.h>
#include <sys/stat.h>
#include <tasks.skel.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr std::size_t spare_places = 4096; ///< for processes that start while the program is loaded

struct TasksCloser {
    void operator()(::tasks* skeleton) const { tasks__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<::tasks, TasksCloser>;

/// The array that the program fills, seen from here.
class Places {
public:
    Places(const bpf_map* map, std::size_t count) : count_(count) {
        void* memory = mmap(nullptr, bytes(), PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
        start_ = memory == MAP_FAILED ? nullptr : static_cast<const s2p_found*>(memory);
    }
    ~Places() {
        if (start_ != nullptr) {
            munmap(const_cast<s2p_found*>(start_), bytes());
        }
    }
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;
    Places(Places&&) = delete;
    Places& operator=(Places&&) = delete;

    explicit operator bool() const { return start_ != nullptr; }
    [[nodiscard]] std::span<const s2p_found> first(std::size_t count) const {
        return {start_, std::min(count, count_)};
    }

private:
    [[nodiscard]] std::size_t bytes() const { return count_ * sizeof(s2p_found); }

    std::size_t count_;
    const s2p_found* start_;
};

s2p_rule rule_for(const Agent& agent, const KernelFeatures& kernel, std::optional<Signal> signal) {
    s2p_rule rule = {};
    encode_agent(agent, rule);
    rule.task_struct = kernel.task_struct;
    rule.can_cast = kernel.cast ? 1 : 0;
    if (signal) {
        rule.signal = static_cast<__u32>(signal->number());
        rule.default_action = default_of(*signal);
        rule.allow_default = 1; // who sends by hand means it
    }
    return rule;
}

Result<Skeleton> load(const s2p_selection& selection, std::optional<Signal> signal) {
    const auto kernel = KernelFeatures::read();
    if (!kernel) {
        return std::unexpected(kernel.error());
    }
    auto agent = Agent::self();
    if (!agent) {
        return forward_error(agent);
    }
    listen_to_libbpf();
    Skeleton skeleton(tasks__open());
    if (!skeleton) {
        return kernel_refused(errno, "bpf_object__open", "read the BPF program");
    }
    skeleton->rodata->rule = rule_for(*agent, *kernel, signal);
    skeleton->rodata->selection = selection;
    bpf_program__set_autoload(skeleton->progs.walk_tasks, kernel->task_iterator);
    bpf_program__set_autoload(skeleton->progs.find_tasks, !kernel->task_iterator);
    bpf_map__set_autocreate(skeleton->maps.pins, false);
    bpf_map__set_max_entries(skeleton->maps.found, selection.places);
    if (const Result<> loaded = load_skeleton(*skeleton->skeleton); !loaded) {
        return std::unexpected(loaded.error());
    }
    return skeleton;
}

Result<> run_walk(const ::tasks& skeleton) {
    bpf_test_run_opts options = {};
    options.sz = sizeof(options);
    const int error = bpf_prog_test_run_opts(bpf_program__fd(skeleton.progs.walk_tasks), &options);
    return error == 0 ? Result<>() : kernel_refused(-error, "bpf_prog_test_run", "pass over all processes");
}

/// The program writes nothing into the iterator's own output, so the first read goes over all.
Result<> run_iterator(const ::tasks& skeleton) {
    const Link link(bpf_program__attach_iter(skeleton.progs.find_tasks, nullptr));
    if (!link) {
        return kernel_refused(errno, "bpf_link_create", "attach to the iterator of tasks");
    }
    const UniqueFd iterator(bpf_iter_create(bpf_link__fd(link.get())));
    if (!iterator) {
        return kernel_refused(errno, "bpf_iter_create", "start the pass over all processes");
    }
    char none[64];
    ssize_t size = 0;
    do {
        size = read(iterator.get(), none, sizeof(none));
    } while (size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR)));
    return size == 0 ? Result<>() : kernel_refused(errno, "read", "pass over all processes");
}

Result<> run_program(const ::tasks& skeleton) {
    return bpf_program__autoload(skeleton.progs.walk_tasks) ? run_walk(skeleton) : run_iterator(skeleton);
}

} // namespace

Result<> run_task_pass(s2p_selection selection, std::optional<Signal> signal,
                       const std::function<void(const s2p_found&)>& found) {
    selection.places = static_cast<__u32>(process_count() + spare_places);
    Result<Skeleton> skeleton = load(selection, signal);
    if (!skeleton) {
        return forward_error(skeleton);
    }
    const Places places((*skeleton)->maps.found, selection.places);
    if (!places) {
        return kernel_refused(errno, "mmap", "map what the pass finds");
    }
    Result<> ran = run_program(**skeleton);
    const s2p_pass& pass = (*skeleton)->bss->pass;
    std::ranges::for_each(places.first(pass.found), found);
    if (ran && pass.is_full != 0) {
        return failure(ELOOP, "select", "the processes multiply faster than they can be found");
    }
    return ran;
}

std::size_t process_count() {
    struct stat status = {};
    return stat("/proc", &status) == 0 ? static_cast<std::size_t>(status.st_nlink) : 0;
}

} // namespace sig2pid::engine
