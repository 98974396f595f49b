// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/kernel_types.hpp"

struct bpf_object;

namespace sig2pid::engine {

/// The few kernel types that a BPF object names, as a BTF of their own with numbers of their own.
///
/// libbpf looks at every type of the kernel for each type of the program; of these few it finds the same ones at once.
/// Structs keep the members whose name the object knows, and their size; what is only pointed to keeps its name.
class TypeSubset {
public:
    /// \param object an opened, not yet loaded object; its programs' tracepoints and iterators are among the names
    [[nodiscard]] static TypeSubset make(const KernelTypes& kernel, const bpf_object* object);

    /// The whole BTF.
    [[nodiscard]] std::span<const std::byte> data() const { return data_; }

    /// The kernel's number of a type of the subset; 0 stays 0.
    [[nodiscard]] TypeId number_in_kernel(TypeId id) const { return id < numbers_.size() ? numbers_[id] : 0; }

private:
    std::vector<std::byte> data_;
    std::vector<TypeId> numbers_ = {0};
};

/// While it lives, what libbpf loads on this thread sees the subset instead of all of the kernel's types, and the
/// kernel is told its own numbers.
class UseSubset {
public:
    explicit UseSubset(const TypeSubset& subset);
    ~UseSubset();
    UseSubset(const UseSubset&) = delete;
    UseSubset& operator=(const UseSubset&) = delete;
    UseSubset(UseSubset&&) = delete;
    UseSubset& operator=(UseSubset&&) = delete;
};

} // namespace sig2pid::engine
