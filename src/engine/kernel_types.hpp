// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <bitset>
#include <bpf/btf.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sig2pid::engine {

using TypeId = std::uint32_t;

/// Names to look for among the 130,000 of a kernel: four bytes of a name tell nearly all others apart.
class NameSet {
public:
    void add(std::string_view name);
    [[nodiscard]] bool contains(std::string_view name) const { return names_.contains(name); }

    /// Twelve bits of the first four bytes. `text` is NUL-terminated and readable for four bytes.
    [[nodiscard]] static std::uint16_t hash(const char* text);

    /// False when no name of the set has this hash.
    [[nodiscard]] bool may_contain(std::uint16_t hash) const { return beginnings_[hash]; }

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::unordered_set<std::string, Hash, std::equal_to<>> names_;
    std::bitset<4096> beginnings_;
};

/// The kernel's own type information (BTF) where it lies: indexed, not copied. libbpf's own reading of it takes 15 ms,
/// a quarter of them to copy 5 MB; this takes 3. Format: Documentation/bpf/btf.rst.
class KernelTypes {
public:
    /// Of the running kernel; read once in a process.
    /// \return ENOENT where the kernel has none (CONFIG_DEBUG_INFO_BTF), EINVAL for a format that this version
    /// does not know, or that contradicts itself.
    [[nodiscard]] static const Result<KernelTypes>& of_running_kernel();

    /// \param data whole BTF, which outlives the object
    [[nodiscard]] static Result<KernelTypes> parse(std::span<const std::byte> data);

    /// Null for void (0) and for a number beyond the last.
    [[nodiscard]] const btf_type* type(TypeId id) const;
    [[nodiscard]] std::string_view name(const btf_type& type) const { return text(type.name_off); }
    [[nodiscard]] std::string_view text(std::uint32_t offset) const;

    /// All types with one of these names, structs, enums, typedefs and functions, in their order.
    [[nodiscard]] std::vector<TypeId> find(const NameSet& names) const;

    /// The first type of this kind and name, or 0.
    [[nodiscard]] TypeId find(std::string_view name, int kind) const;

private:
    [[nodiscard]] static Result<KernelTypes> load();
    [[nodiscard]] Result<> build_index();
    [[nodiscard]] std::uint16_t beginning_of(const btf_type& type) const;

    std::shared_ptr<const void> owner_; ///< of the bytes, when they are not the caller's
    std::span<const std::byte> types_;
    std::string_view texts_;                ///< ends with a NUL
    std::vector<std::uint32_t> offsets_;    ///< of type i + 1 in types_
    std::vector<std::uint16_t> beginnings_; ///< the hash of its name
};

/// The bytes that follow a btf_type of this kind. Nothing for a kind that this version does not know.
[[nodiscard]] std::optional<std::size_t> size_of_tail(const btf_type& type);

} // namespace sig2pid::engine
