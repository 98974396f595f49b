// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "helpers/child.hpp"
#include "helpers/control_group.hpp"

namespace sig2pid::test {

/// A pipe whose end of file says that all who inherited it are gone.
class Fuse {
public:
    Fuse();

    /// Whether they are, within ten seconds.
    [[nodiscard]] bool is_out();

private:
    UniqueFd reader_;
    UniqueFd writer_;
};

/// A body that forks as fast as it can, to 128 processes, which stay until they are killed.
int fork_bomb(const std::function<void()>& ready);

/// Likewise, of few processes with so much memory that each fork takes milliseconds.
int heavy_fork_bomb(const std::function<void()>& ready);

/// Likewise, in a control group.
Child::Body fork_bomb_in(const ControlGroup& group);

} // namespace sig2pid::test
