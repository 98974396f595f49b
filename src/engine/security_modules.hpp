// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace sig2pid::engine {

/// Whether kill(2) by this process would be granted for every process of the machine: CAP_KILL in the initial user
/// namespace, and no security module that is asked about signals (SELinux, Smack, AppArmor, a BPF program, Landlock
/// around this process). Where the kernel does not tell (before 6.8): false.
///
/// The kernel's own sending asks nobody, so it may be used only where this holds.
[[nodiscard]] bool may_signal_everyone();

} // namespace sig2pid::engine
