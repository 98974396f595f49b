// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/selector.hpp>

#include <sys/types.h>
#include <vector>

namespace sig2pid {

/// Whether this process, its ancestors and PID 1 may be selected.
enum class Ancestry {
    excluded,
    included, ///< as the parents of others they may
    everybody ///< and those of other PID namespaces: whom the kernel reaches
};

/// select() into a set, which knows its targets and may have members already.
[[nodiscard]] Result<> select_into(ProcessSet& set, const SelectOptions& options, Ancestry ancestry);

/// The PIDs of this process and its ancestors. EMFILE and the like: they cannot be told, so nobody may be selected.
[[nodiscard]] Result<std::vector<pid_t>> this_and_ancestors();

} // namespace sig2pid
