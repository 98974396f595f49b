// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdlib>

namespace sig2pid::test {

/// How often a test repeats what may go wrong only now and then: as promised, but less where all takes several times as
/// long, in an emulated machine or with a sanitizer.
inline int rounds(int promised, int few) {
    return std::getenv("SIG2PID_FEWER_ROUNDS") != nullptr ? few : promised;
}

} // namespace sig2pid::test
