// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/error.hpp>

#include <system_error>

namespace sig2pid {

std::string Error::message() const {
    if (!context.empty()) {
        return context;
    }
    return operation + ": " + std::generic_category().message(code);
}

} // namespace sig2pid
