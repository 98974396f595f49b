// SPDX-License-Identifier: BSD-2-Clause
#include "engine/capability.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

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
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
    if (syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    const auto number = static_cast<unsigned>(capability);
    return (data[number / 32].effective >> (number % 32) & 1U) != 0;
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
