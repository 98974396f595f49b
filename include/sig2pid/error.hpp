// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <expected>
#include <string>

namespace sig2pid {

/// What failed: an errno, the operation that returned it, and what it was about.
///
/// Errors are values: no function of this library throws for something that the world can do to it.
struct Error {
    int code = 0;          ///< errno value, never 0 in a returned error
    std::string operation; ///< the call that failed, "pidfd_open" for one
    std::string context;   ///< what happened, to what, and what to do, for a person; may be empty

    /// One sentence for a person: the context if there is one, else operation and strerror(3) text.
    [[nodiscard]] std::string message() const;
};

/// A value or an Error.
template <typename T = void> using Result = std::expected<T, Error>;

/// Shorthand for the error side of a Result.
[[nodiscard]] inline std::unexpected<Error> failure(int code, std::string operation, std::string context = {}) {
    return std::unexpected(Error{code, std::move(operation), std::move(context)});
}

} // namespace sig2pid
