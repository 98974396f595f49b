// SPDX-License-Identifier: BSD-2-Clause
#include "lib/select.hpp"

#include "lib/judge.hpp"
#include "lib/proc_scan.hpp"
#include "lib/search.hpp"
#include "lib/set_builder.hpp"

#include <sig2pid/process_info.hpp>

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace sig2pid {
namespace {

// Each round looks at every candidate, so who outruns this many starts processes faster than they can be found.
constexpr int most_looks = 1000;

/// Prepares the judges of a new set; what they name and is not there becomes a miss.
Result<> prepare(SetBuilder& builder, const Scene& scene) {
    for (std::size_t i = 0; i < builder.targets().size(); ++i) {
        Result<std::shared_ptr<Judge>> judge = Judge::prepare(builder.targets()[i], scene);
        if (!judge && judge.error().reason == Reason::bad_input) {
            return forward_error(judge);
        }
        if (judge) {
            builder.judges().push_back(std::move(*judge));
        } else {
            builder.judges().push_back(nullptr);
            builder.miss(i, std::move(judge).error());
        }
    }
    return {};
}

/// The search of a new set, which says why nobody matches.
Result<> search_first(std::size_t argument, Search& one, SetBuilder& builder) {
    Result<> found = one.run();
    if (found && one.matched() == 0 && one.has_asked()) {
        one.leave_source();
        found = one.run();
    }
    builder.leave_out(one.left_out());
    if (found && one.matched() == 0) {
        builder.miss(argument, {ESRCH, "select", one.explain(), Reason::gone, 0});
    }
    return found;
}

Result<> search_all(SetBuilder& builder, const Scene& scene, Ancestry ancestry, bool is_first) {
    for (std::size_t i = 0; i < builder.targets().size(); ++i) {
        const std::shared_ptr<Judge> judge = builder.judges()[i];
        if (!judge) {
            continue;
        }
        Search one(*judge, i, ancestry, scene, builder);
        Result<> found = is_first ? search_first(i, one, builder) : one.run();
        if (!found) {
            return found;
        }
    }
    return {};
}

Result<> check_backend(const SelectOptions& options) {
    if (options.backend == Backend::bpf && options.source == nullptr) {
        return failure(EOPNOTSUPP, "select", "there is no BPF task iterator to select with", Reason::unsupported);
    }
    return {};
}

Result<std::size_t> grow_all(SetBuilder& builder, const Scene& scene) {
    std::size_t count = 0;
    for (const std::shared_ptr<Judge>& judge : builder.judges()) {
        const Result<std::size_t> grown = judge ? judge->grow(scene) : Result<std::size_t>(0);
        if (!grown) {
            return grown;
        }
        count += *grown;
    }
    return count;
}

Result<> search_new(SetBuilder& builder, const Scene& scene, Ancestry ancestry) {
    const Result<> ready = prepare(builder, scene);
    return ready ? search_all(builder, scene, ancestry, true) : ready;
}

/// Until somebody is found, who may then be stopped at once, or nobody is left to be.
Result<> search_more(SetBuilder& builder, const Scene& scene, Ancestry ancestry) {
    for (int round = 0; round < most_looks; ++round) {
        const Result<std::size_t> grown = grow_all(builder, scene);
        if (!grown) {
            return std::unexpected(grown.error());
        }
        if (Result<> found = search_all(builder, scene, ancestry, false); !found) {
            return found;
        }
        if (builder.count() > 0 || *grown == 0) {
            return {};
        }
    }
    return failure(ELOOP, "select", "the processes multiply faster than they can be found");
}

} // namespace

Result<std::vector<pid_t>> this_and_ancestors() {
    Result<std::vector<pid_t>> own = ancestors();
    if (own) {
        own->push_back(::getpid());
    }
    return own;
}

Result<> select_into(ProcessSet& set, const SelectOptions& options, Ancestry ancestry) {
    if (Result<> possible = check_backend(options); !possible) {
        return possible;
    }
    SetBuilder builder(set);
    // Then nobody is left out, and there is nothing to read: a container may have no /proc.
    const bool is_named = std::ranges::all_of(builder.targets(), &Target::is_explicit);
    Result<UniqueFd> proc = proc::open_proc();
    if (!proc && !is_named) {
        return forward_error(proc);
    }
    UniqueFd directory = proc ? std::move(*proc) : UniqueFd();
    const Result<std::vector<pid_t>> own = is_named ? std::vector<pid_t>() : this_and_ancestors();
    if (!own) {
        return std::unexpected(own.error());
    }
    const bool can_grow = std::ranges::any_of(builder.targets(), &Target::can_grow);
    const Scene scene{directory.get(), *own, options, can_grow ? &builder.events(directory.get()) : nullptr};
    const bool is_first = builder.judges().empty();
    if (Result<> searched = is_first ? search_new(builder, scene, ancestry) : search_more(builder, scene, ancestry);
        !searched) {
        return searched;
    }
    builder.keep_proc(std::move(directory));
    return builder.finish(options);
}

Result<ProcessSet> select_groups(std::span<const pid_t> leaders, const SelectOptions& options) {
    std::vector<Target> targets;
    for (const pid_t leader : leaders) {
        Result<Target> target = Target::parse("group:" + std::to_string(leader));
        if (!target) {
            return forward_error(target);
        }
        targets.push_back(std::move(*target));
    }
    ProcessSet set(std::move(targets));
    if (Result<> selected = select_into(set, options, Ancestry::everybody); !selected) {
        return forward_error(selected);
    }
    return set;
}

Result<ProcessSet> select(const Selector& selector, const SelectOptions& options) {
    ProcessSet set({selector.targets().begin(), selector.targets().end()});
    if (Result<> selected = select_into(set, options, Ancestry::excluded); !selected) {
        return forward_error(selected);
    }
    return set;
}

Result<std::size_t> select_more(const SelectOptions& options, ProcessSet& known) {
    const std::size_t before = known.size();
    if (Result<> selected = select_into(known, options, Ancestry::excluded); !selected) {
        return forward_error(selected);
    }
    return known.size() - before;
}

Result<Selector> Selector::parse(std::span<const std::string> arguments) {
    std::vector<Target> targets;
    for (const std::string& argument : arguments) {
        Result<Target> target = Target::parse(argument);
        if (!target) {
            return forward_error(target);
        }
        targets.push_back(std::move(*target));
    }
    if (targets.empty()) {
        return failure(EINVAL, "parse selector", "no target", Reason::bad_input);
    }
    return Selector(std::move(targets));
}

} // namespace sig2pid
