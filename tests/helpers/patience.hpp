// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace sig2pid::test {

constexpr int patience_ms = 10'000; ///< for what must come; a machine that takes longer is not slow but wrong

} // namespace sig2pid::test
