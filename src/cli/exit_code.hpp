// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace sig2pid::cli {

/// How the program ends; scripts rely on these.
enum ExitCode : int {
    exit_done = 0,       ///< all done
    exit_no_target = 1,  ///< no target, or the target is gone
    exit_usage = 2,      ///< usage or bad input
    exit_system = 3,     ///< system error or missing privilege
    exit_partial = 64,   ///< done for some targets only, as util-linux kill says it
    exit_timed_out = 124 ///< as timeout(1) says it
};

} // namespace sig2pid::cli
