// SPDX-License-Identifier: BSD-2-Clause
#include "lib/offspring.hpp"

#include <utility>

namespace sig2pid {
namespace {

/// The trees of the members from the `first` on: by token, so that a PID or name that passes to another does not count.
Result<ProcessSet> select_trees(const ProcessSet& set, std::size_t first, const SelectOptions& options) {
    std::vector<Target> trees;
    for (const ProcessSet::Member& member : set.members().subspan(first)) {
        Result<Target> tree = Target::parse("tree:" + member.token().to_string());
        if (!tree) {
            return forward_error(tree);
        }
        trees.push_back(std::move(*tree));
    }
    return select(Selector(std::move(trees)), options);
}

void tell(const ProcessSet& set, std::size_t first, std::vector<Token>& tokens) {
    for (const ProcessSet::Member& member : set.members().subspan(first)) {
        tokens.push_back({member.pid, member.inode, std::nullopt});
    }
}

/// A limit or a choice was for the set as it was asked for.
SelectOptions for_newcomers(SelectOptions options) {
    options.max.reset();
    options.pick = Pick::all;
    return options;
}

} // namespace

Offspring::Offspring(ProcessSet& set, Newcomers wanted, const SelectOptions& options)
    : set_(set), wanted_(wanted), options_(for_newcomers(options)), told_(set.size()) {}

Result<std::vector<Token>> Offspring::find() {
    std::vector<Token> tokens;
    if (wants(Newcomers::matching)) {
        if (Result<std::size_t> more = select_more(options_, set_); !more) {
            return forward_error(more);
        }
        tell(set_, std::exchange(told_, set_.size()), tokens);
    }
    for (ProcessSet& trees : trees_) {
        const std::size_t before = trees.size();
        if (Result<std::size_t> more = select_more(options_, trees); !more) {
            return forward_error(more);
        }
        tell(trees, before, tokens);
    }
    if (wants(Newcomers::descendants) && rooted_ < set_.size()) {
        if (Result<> planted = plant(); !planted) {
            return forward_error(planted);
        }
        tell(trees_.back(), 0, tokens);
    }
    return tokens;
}

/// Looks through the trees of those members whose trees were not yet.
Result<> Offspring::plant() {
    Result<ProcessSet> trees = select_trees(set_, std::exchange(rooted_, set_.size()), options_);
    if (!trees) {
        return forward_error(trees);
    }
    [[maybe_unused]] const std::vector<Process> unneeded = trees->take_held(); // who is signalled is pinned elsewhere
    trees_.push_back(std::move(*trees));
    return {};
}

void Offspring::hold() {
    if (wants(Newcomers::matching)) {
        frozen_.emplace(set_.targets());
    }
}

bool Offspring::holds_exactly(std::size_t count) const {
    return holds_all() && frozen_->count() == count;
}

bool Offspring::holds_all() const noexcept {
    return wanted_ == Newcomers::matching && frozen_ && frozen_->size() == set_.targets().size();
}

} // namespace sig2pid
