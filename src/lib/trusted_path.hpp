// SPDX-License-Identifier: BSD-2-Clause
// Whether a path leads where root and the caller meant it to.
#pragma once

#include <sig2pid/error.hpp>

#include <string>
#include <sys/stat.h>

namespace sig2pid {

/// Whether it belongs to somebody else than root and the caller.
[[nodiscard]] bool is_foreign(const struct stat& file);

/// Whether somebody else than its owner may write to it.
[[nodiscard]] bool others_may_write(const struct stat& file);

/// Follows the path as the kernel does, by each directory and symbolic link, and gives the file at its end.
/// \return EPERM/bad_input with the first directory on the way that somebody else than root and the caller could put
/// another file into, or the first link of such a one; ELOOP and the errors of opening a file.
[[nodiscard]] Result<struct stat> follow_trusted(const std::string& path);

} // namespace sig2pid
