// SPDX-License-Identifier: BSD-2-Clause
// What a child of a test makes of itself, to see less than others or be allowed less.
#pragma once

#include <functional>

namespace sig2pid::test {

/// From now on the mounts of this process are its own. False without CAP_SYS_ADMIN.
bool have_own_mounts();

/// Has its own mounts, where an empty directory takes the place of `path`.
bool cover(const char* path);

/// From now on the system call fails with `code`, as in a container. False where there are no seccomp filters.
bool refuse_call(long number, int code);

/// Runs `body` as the init of a new PID namespace, with the /proc that shows it, and gives what it returned;
/// `otherwise` without CAP_SYS_ADMIN.
int run_as_init(const std::function<int()>& body, int otherwise);

} // namespace sig2pid::test
