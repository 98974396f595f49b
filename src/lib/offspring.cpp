// SPDX-License-Identifier: BSD-2-Clause
#include "lib/offspring.hpp"

#include "lib/process_events.hpp"

#include <utility>

namespace sig2pid {
namespace {

/// A limit or a choice was for the set as it was asked for.
SelectOptions for_newcomers(SelectOptions options) {
    options.max.reset();
    options.pick = Pick::all;
    options.cancel_fd = -1;
    return options;
}

} // namespace

Offspring::Offspring(ProcessSet& set, const SelectOptions& options, int cancel_fd)
    : set_(set), options_(for_newcomers(options)), cancel_fd_(cancel_fd), told_(set.size()) {}

Result<std::vector<Token>> Offspring::find() {
    if (Result<std::size_t> more = select_more(options_, set_); !more) {
        return forward_error(more);
    }
    std::vector<Token> tokens;
    for (const ProcessSet::Member& member : set_.members().subspan(std::exchange(told_, set_.size()))) {
        tokens.push_back({member.pid, member.inode, std::nullopt});
    }
    return tokens;
}

int Offspring::events_fd() const noexcept {
    return set_.events_ ? set_.events_->fd() : -1;
}

void Offspring::take_note() {
    set_.events_->update();
}

void Offspring::hold() {
    frozen_.emplace(set_.targets(), cancel_fd_);
}

bool Offspring::holds_exactly(std::size_t count) const {
    return holds_all() && frozen_->count() == count;
}

bool Offspring::holds_all() const noexcept {
    return frozen_ && frozen_->size() == set_.targets().size();
}

} // namespace sig2pid
