// SPDX-License-Identifier: BSD-2-Clause
// For the init of a new PID namespace, which wants a PID to come again.
#pragma once

#include <sys/types.h>

namespace sig2pid::test {

/// What the init found; the exit status of the test's child.
enum Finding {
    all_well,
    cannot_unshare,
    cannot_steer_pids,
    not_reused,
    token_matched,
    old_pin_hit,
    victim_missed,
    orphan_missed,
    stranger_taken,
    stranger_hurt,
    seldom_reused
};

/// Whether steer_next_pid() will be quick in this namespace for the PID of a process that starts from now on: the
/// kernel has ns_last_pid, or lets the PIDs be few.
bool prepare_to_steer();

/// Makes the PIDs of this namespace so few that each comes again after some forks, and lets steer_next_pid() count on
/// nothing else. Linux 6.14, where pid_max is the namespace's own; nothing is done before.
bool make_pids_scarce();

/// Makes the next fork in this PID namespace get `pid`, which is free: by ns_last_pid, or by using up the PIDs before
/// it, which takes some seconds where they are not few. False where neither will do.
bool steer_next_pid(pid_t pid);

} // namespace sig2pid::test
