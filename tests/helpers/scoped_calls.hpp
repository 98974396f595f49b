// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "lib/syscalls.hpp"

namespace sig2pid::test {

/// The kernel's system calls, of which a test replaces some for as long as this lives.
class ScopedCalls {
public:
    ScopedCalls() { sys::replace_calls(&table); }
    ~ScopedCalls() { sys::replace_calls(nullptr); }
    ScopedCalls(const ScopedCalls&) = delete;
    ScopedCalls& operator=(const ScopedCalls&) = delete;

    sys::Syscalls table = sys::kernel_calls();
};

} // namespace sig2pid::test
