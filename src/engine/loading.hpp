// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <bpf/libbpf.h>
#include <memory>

namespace sig2pid::engine {

struct LinkCloser {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, LinkCloser>;

/// Keeps libbpf's words of the last failure for kernel_refused() instead of printing them. Forgets those of before.
void listen_to_libbpf();

/// An error with what is missing (capabilities, a mode of the kernel), and libbpf's own words.
/// \param what what was to be done, "load a BPF program" for one
[[nodiscard]] std::unexpected<Error> kernel_refused(int code, const std::string& operation, const std::string& what);

/// Loads an opened object; libbpf sees a TypeSubset.
[[nodiscard]] Result<> load_skeleton(bpf_object_skeleton& skeleton);

} // namespace sig2pid::engine
