// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <string>
#include <sys/types.h>

namespace sig2pid {

/// A user by name, from /etc/passwd, or by number. ENOENT/bad_input for a name that is not there: users of a directory
/// service have no line in it, and a statically linked program cannot ask for them.
[[nodiscard]] Result<uid_t> find_user(const std::string& name);

/// The name of a user, or the number where /etc/passwd has none.
[[nodiscard]] std::string user_name(uid_t user);

} // namespace sig2pid
