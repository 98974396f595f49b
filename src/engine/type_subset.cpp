// SPDX-License-Identifier: BSD-2-Clause
#include "engine/type_subset.hpp"

#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <map>

namespace sig2pid::engine {

namespace {

// libbpf has functions of the same names
using ArrayType = struct btf_array;
using Enumerator = struct btf_enum;
using WideEnumerator = struct btf_enum64;

/// The name without its flavour: libbpf takes `pid___old` in a program for the kernel's `pid`.
std::string_view essential(std::string_view name) {
    return name.substr(0, name.find("___"));
}

struct Names {
    NameSet types;   ///< of the object, and what its programs attach to
    NameSet members; ///< every name that the object uses
};

void add_attach_point(std::string_view section, NameSet& names) {
    constexpr std::string_view tracepoint = "tp_btf/", iterator = "iter/";
    if (section.starts_with(tracepoint)) {
        names.add("btf_trace_" + std::string(section.substr(tracepoint.size())));
    } else if (section.starts_with(iterator)) {
        names.add("bpf_iter_" + std::string(section.substr(iterator.size())));
    }
}

Names names_of(const bpf_object* object) {
    Names names;
    const btf* local = bpf_object__btf(object);
    for (__u32 id = 1; id < btf__type_cnt(local); id++) {
        const btf_type* type = btf__type_by_id(local, id);
        const std::string_view name = btf__name_by_offset(local, type->name_off);
        if (!name.empty()) {
            names.types.add(essential(name));
        }
        for (int i = 0; btf_is_composite(type) && i < btf_vlen(type); i++) {
            names.members.add(essential(btf__name_by_offset(local, btf_members(type)[i].name_off)));
        }
    }
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object) {
        add_attach_point(bpf_program__section_name(program), names.types);
    }
    return names;
}

/// Copies types, each once, and with it the types that it is made of.
class Copier {
public:
    Copier(const KernelTypes& kernel, const Names& names) : kernel_(kernel), names_(names) {}

    void run(const std::vector<TypeId>& roots);

    /// What was copied, as a BTF.
    [[nodiscard]] std::vector<std::byte> assemble() const;
    [[nodiscard]] const std::vector<TypeId>& numbers() const { return numbers_; }

private:
    /// whole: with the members of a struct; named: whoever points to it needs no more than kind and name.
    enum class Depth : std::uint8_t { whole, named };

    TypeId number_of(TypeId id, Depth depth);
    void copy(TypeId id, Depth depth);
    void copy_members(const btf_type& type, btf_type head);
    void copy_parameters(const btf_type& type);
    void copy_enumerators(const btf_type& type);
    void copy_array(const btf_type& type);
    [[nodiscard]] __u32 add_text(std::uint32_t offset);
    template <typename T> void put(const T& value) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&value);
        types_.insert(types_.end(), bytes, bytes + sizeof(value));
    }

    const KernelTypes& kernel_;
    const Names& names_;
    std::map<std::pair<TypeId, Depth>, TypeId> known_;
    std::vector<std::pair<TypeId, Depth>> queue_;
    std::vector<TypeId> numbers_ = {0};
    std::vector<std::byte> types_;
    std::string texts_ = std::string(1, '\0');
};

void Copier::run(const std::vector<TypeId>& roots) {
    for (const TypeId id : roots) {
        number_of(id, Depth::whole);
    }
    std::size_t done = 0;
    while (done < queue_.size()) { // it grows meanwhile
        const auto [id, depth] = queue_[done++];
        copy(id, depth);
    }
}

TypeId Copier::number_of(TypeId id, Depth depth) {
    const btf_type* type = kernel_.type(id);
    if (type == nullptr) {
        return 0;
    }
    if (btf_is_composite(type) && names_.types.contains(kernel_.name(*type))) {
        depth = Depth::whole; // for those too that only point to it
    }
    const auto [place, is_new] = known_.try_emplace({id, depth}, static_cast<TypeId>(numbers_.size()));
    if (is_new) {
        numbers_.push_back(id);
        queue_.emplace_back(id, depth);
    }
    return place->second;
}

__u32 Copier::add_text(std::uint32_t offset) {
    const std::string_view text = kernel_.text(offset);
    if (text.empty()) {
        return 0;
    }
    const auto place = static_cast<__u32>(texts_.size());
    texts_ += text;
    texts_ += '\0';
    return place;
}

void Copier::copy(TypeId id, Depth depth) {
    const btf_type& type = *kernel_.type(id);
    btf_type head = type;
    head.name_off = add_text(type.name_off);
    switch (btf_kind(&type)) {
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        if (depth == Depth::whole) {
            return copy_members(type, head);
        }
        head.info &= ~0xffffU; // no members
        return put(head);
    case BTF_KIND_PTR:
        head.type = number_of(type.type, Depth::named);
        return put(head);
    case BTF_KIND_FUNC:
        head.type = number_of(type.type, Depth::whole);
        return put(head);
    case BTF_KIND_FUNC_PROTO:
        head.type = number_of(type.type, depth);
        put(head);
        return copy_parameters(type);
    case BTF_KIND_ARRAY:
        put(head);
        return copy_array(type);
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_TYPE_TAG:
        head.type = number_of(type.type, depth);
        return put(head);
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
        put(head);
        return copy_enumerators(type);
    default: // int, float, forward declaration: nothing inside to be renumbered
        put(head);
        types_.insert(types_.end(), reinterpret_cast<const std::byte*>(&type + 1),
                      reinterpret_cast<const std::byte*>(&type + 1) + size_of_tail(type).value_or(0));
    }
}

void Copier::copy_members(const btf_type& type, btf_type head) {
    const std::span<const btf_member> members(btf_members(&type), btf_vlen(&type));
    std::vector<btf_member> kept;
    for (const btf_member& member : members) {
        const std::string_view name = kernel_.text(member.name_off);
        if (name.empty() || names_.members.contains(name)) {
            kept.push_back({add_text(member.name_off), number_of(member.type, Depth::whole), member.offset});
        }
    }
    head.info = (head.info & ~0xffffU) | static_cast<__u32>(kept.size());
    put(head);
    for (const btf_member& member : kept) {
        put(member);
    }
}

void Copier::copy_parameters(const btf_type& type) {
    for (const btf_param& parameter : std::span(btf_params(&type), btf_vlen(&type))) {
        put(btf_param{0, number_of(parameter.type, Depth::named)});
    }
}

void Copier::copy_enumerators(const btf_type& type) {
    if (btf_kind(&type) == BTF_KIND_ENUM64) {
        for (const WideEnumerator& each : std::span(btf_enum64(&type), btf_vlen(&type))) {
            put(WideEnumerator{add_text(each.name_off), each.val_lo32, each.val_hi32});
        }
        return;
    }
    for (const Enumerator& each : std::span(btf_enum(&type), btf_vlen(&type))) {
        put(Enumerator{add_text(each.name_off), each.val});
    }
}

void Copier::copy_array(const btf_type& type) {
    const ArrayType& array = *btf_array(&type);
    put(ArrayType{number_of(array.type, Depth::whole), number_of(array.index_type, Depth::whole), array.nelems});
}

std::vector<std::byte> Copier::assemble() const {
    btf_header header = {};
    header.magic = BTF_MAGIC;
    header.version = BTF_VERSION;
    header.hdr_len = sizeof(header);
    header.type_len = static_cast<__u32>(types_.size());
    header.str_off = header.type_len;
    header.str_len = static_cast<__u32>(texts_.size());
    const auto* head = reinterpret_cast<const std::byte*>(&header);
    std::vector<std::byte> all(head, head + sizeof(header));
    all.insert(all.end(), types_.begin(), types_.end());
    const auto* text = reinterpret_cast<const std::byte*>(texts_.data());
    all.insert(all.end(), text, text + texts_.size());
    return all;
}

} // namespace

TypeSubset TypeSubset::make(const KernelTypes& kernel, const bpf_object* object) {
    const Names names = names_of(object);
    Copier copier(kernel, names);
    copier.run(kernel.find(names.types));
    TypeSubset subset;
    subset.data_ = copier.assemble();
    subset.numbers_ = copier.numbers();
    return subset;
}

} // namespace sig2pid::engine
