// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdlib>

namespace sig2pid::test {

/// How often a test that races repeats what it does: as promised, but seldom where a fork takes ten times as long, in
/// an emulated machine or with a sanitizer.
inline int rounds(int promised, int few) {
    return std::getenv("SIG2PID_FEWER_ROUNDS") != nullptr ? few : promised;
}

} // namespace sig2pid::test
