// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sig2pid::engine {

/// The capabilities that matter here, by the kernel's numbers (capabilities(7)).
enum class Capability : std::uint8_t { kill = 5, sys_admin = 21, sys_resource = 24, perfmon = 38, bpf = 39 };

/// "CAP_BPF" for one.
[[nodiscard]] std::string_view to_string(Capability capability) noexcept;

/// Whether this process may use it now (the effective set); false when the kernel cannot say.
[[nodiscard]] bool has_capability(Capability capability) noexcept;

/// What is missing to load tracing programs, "CAP_BPF and CAP_PERFMON" for one; empty when nothing is.
[[nodiscard]] std::string missing_for_bpf();

} // namespace sig2pid::engine
