// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/error.hpp>

#include <cerrno>
#include <system_error>

namespace sig2pid {

std::string Error::message() const {
    if (!context.empty()) {
        return context;
    }
    const std::string hint = code == EMFILE ? ": raise the limit (ulimit -n)" : "";
    return operation + ": " + std::generic_category().message(code) + hint;
}

} // namespace sig2pid
