// SPDX-License-Identifier: BSD-2-Clause
#include "engine/capability.hpp"

#include "lib/syscalls.hpp"

namespace sig2pid::engine {

std::string_view to_string(Capability capability) noexcept {
    switch (capability) {
    case Capability::kill:
        return "CAP_KILL";
    case Capability::sys_admin:
        return "CAP_SYS_ADMIN";
    case Capability::sys_resource:
        return "CAP_SYS_RESOURCE";
    case Capability::perfmon:
        return "CAP_PERFMON";
    case Capability::bpf:
        return "CAP_BPF";
    }
    return "?";
}

bool has_capability(Capability capability) noexcept {
    return (sys::calls().effective_capabilities() >> static_cast<unsigned>(capability) & 1U) != 0;
}

std::string missing_for_bpf() {
    if (has_capability(Capability::sys_admin)) {
        return {};
    }
    const bool bpf = has_capability(Capability::bpf);
    const bool perfmon = has_capability(Capability::perfmon);
    if (!bpf && !perfmon) {
        return "CAP_BPF and CAP_PERFMON";
    }
    return !bpf ? "CAP_BPF" : !perfmon ? "CAP_PERFMON" : "";
}

} // namespace sig2pid::engine
