// SPDX-License-Identifier: BSD-2-Clause
#include "engine/kernel_types.hpp"

#include <sig2pid/unique_fd.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr const char* btf_path = "/sys/kernel/btf/vmlinux";
constexpr std::uint16_t nameless = 0xffff;             ///< instead of a hash, which has 12 bits
constexpr std::size_t largest = std::size_t{1} << 28U; ///< bytes, far above any kernel's

std::unexpected<Error> bad_format(const std::string& what) {
    return failure(EINVAL, "read BTF", std::string("the kernel's type information ") + btf_path + " " + what);
}

/// The file as the kernel itself has it, since Linux 6.16.
std::shared_ptr<const void> map_file(int fd, std::size_t size) {
    void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED) {
        return nullptr;
    }
    return {memory, [size](const void* start) { munmap(const_cast<void*>(start), size); }};
}

std::shared_ptr<const void> read_file(int fd, std::size_t size) {
    const std::shared_ptr<std::byte[]> bytes(new std::byte[size]);
    for (std::size_t done = 0; done < size;) {
        const ssize_t count = pread(fd, bytes.get() + done, size - done, static_cast<off_t>(done));
        if (count <= 0) {
            return nullptr;
        }
        done += static_cast<std::size_t>(count);
    }
    return {bytes, bytes.get()};
}

bool is_named(int kind) {
    switch (kind) {
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_FUNC:
        return true;
    default:
        return false;
    }
}

} // namespace

std::optional<std::size_t> size_of_tail(const btf_type& type) {
    const std::size_t count = btf_vlen(&type);
    switch (btf_kind(&type)) {
    case BTF_KIND_PTR:
    case BTF_KIND_FWD:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPE_TAG:
        return 0;
    case BTF_KIND_INT:
        return sizeof(__u32);
    case BTF_KIND_ARRAY:
        return sizeof(struct btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        return count * sizeof(btf_member);
    case BTF_KIND_ENUM:
        return count * sizeof(struct btf_enum);
    case BTF_KIND_ENUM64:
        return count * sizeof(struct btf_enum64);
    case BTF_KIND_FUNC_PROTO:
        return count * sizeof(btf_param);
    case BTF_KIND_VAR:
        return sizeof(struct btf_var);
    case BTF_KIND_DATASEC:
        return count * sizeof(btf_var_secinfo);
    case BTF_KIND_DECL_TAG:
        return sizeof(struct btf_decl_tag);
    default:
        return std::nullopt;
    }
}

std::uint16_t NameSet::hash(const char* text) {
    std::uint32_t beginning = 0;
    std::memcpy(&beginning, text, sizeof(beginning));
    // the lowest byte that is zero, in its highest bit; what follows the NUL is another name
    const std::uint32_t ends = (beginning - 0x01010101U) & ~beginning & 0x80808080U;
    beginning &= ends == 0 ? ~0U : (ends & -ends) - 1;
    return static_cast<std::uint16_t>((beginning * 0x9E3779B1U) >> 20U);
}

void NameSet::add(std::string_view name) {
    char beginning[4] = {};
    name.copy(beginning, sizeof(beginning));
    beginnings_.set(hash(beginning));
    names_.emplace(name);
}

Result<KernelTypes> KernelTypes::parse(std::span<const std::byte> data) {
    btf_header header = {};
    if (data.size() < sizeof(header)) {
        return bad_format("is cut short");
    }
    std::memcpy(&header, data.data(), sizeof(header));
    if (header.magic != BTF_MAGIC || header.version != BTF_VERSION) {
        return bad_format("has a format that this version does not know");
    }
    const std::size_t room = data.size() - sizeof(header);
    const std::size_t start = header.hdr_len;
    const auto lies_inside = [&](std::size_t offset, std::size_t length) {
        return start >= sizeof(header) && start + offset + length <= room + sizeof(header);
    };
    if (!lies_inside(header.type_off, header.type_len) || !lies_inside(header.str_off, header.str_len) ||
        (start + header.type_off) % alignof(btf_type) != 0) {
        return bad_format("is cut short");
    }
    KernelTypes types;
    types.types_ = data.subspan(start + header.type_off, header.type_len);
    types.texts_ = {reinterpret_cast<const char*>(data.data()) + start + header.str_off, header.str_len};
    if (types.texts_.empty() || types.texts_.back() != '\0') {
        return bad_format("has an open end");
    }
    if (const Result<> indexed = types.build_index(); !indexed) {
        return std::unexpected(indexed.error());
    }
    return types;
}

Result<> KernelTypes::build_index() {
    offsets_.reserve(types_.size() / 20);
    beginnings_.reserve(types_.size() / 20);
    for (std::size_t at = 0; at < types_.size();) {
        if (types_.size() - at < sizeof(btf_type)) {
            return bad_format("is cut short");
        }
        const auto& type = *reinterpret_cast<const btf_type*>(types_.data() + at);
        const auto tail = size_of_tail(type);
        if (!tail) {
            return bad_format("has types of a kind that this version does not know: " +
                              std::to_string(btf_kind(&type)));
        }
        if (types_.size() - at - sizeof(btf_type) < *tail) {
            return bad_format("is cut short");
        }
        offsets_.push_back(static_cast<std::uint32_t>(at));
        beginnings_.push_back(beginning_of(type));
        at += sizeof(btf_type) + *tail;
    }
    return {};
}

const btf_type* KernelTypes::type(TypeId id) const {
    return id == 0 || id > offsets_.size() ? nullptr
                                           : reinterpret_cast<const btf_type*>(types_.data() + offsets_[id - 1]);
}

std::string_view KernelTypes::text(std::uint32_t offset) const {
    return offset < texts_.size() ? std::string_view(texts_.data() + offset) : std::string_view();
}

std::uint16_t KernelTypes::beginning_of(const btf_type& type) const {
    if (!is_named(btf_kind(&type)) || type.name_off == 0 || type.name_off >= texts_.size()) {
        return nameless;
    }
    if (texts_.size() - type.name_off < 4) {
        char beginning[4] = {};
        text(type.name_off).copy(beginning, sizeof(beginning));
        return NameSet::hash(beginning);
    }
    return NameSet::hash(texts_.data() + type.name_off);
}

std::vector<TypeId> KernelTypes::find(const NameSet& names) const {
    std::vector<TypeId> found;
    for (std::size_t i = 0; i < beginnings_.size(); i++) {
        const auto id = static_cast<TypeId>(i + 1);
        if (beginnings_[i] != nameless && names.may_contain(beginnings_[i]) && names.contains(name(*type(id)))) {
            found.push_back(id);
        }
    }
    return found;
}

TypeId KernelTypes::find(std::string_view name, int kind) const {
    NameSet names;
    names.add(name);
    for (const TypeId id : find(names)) {
        if (btf_kind(type(id)) == kind) {
            return id;
        }
    }
    return 0;
}

Result<KernelTypes> KernelTypes::load() {
    const UniqueFd fd(open(btf_path, O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (!fd || fstat(fd.get(), &status) != 0) {
        return failure(ENOENT, "open",
                       std::string("the kernel's type information ") + btf_path +
                           " cannot be read: events need a kernel built with CONFIG_DEBUG_INFO_BTF");
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0 || size > largest) {
        return bad_format("has no believable size");
    }
    std::shared_ptr<const void> owner = map_file(fd.get(), size);
    owner = owner ? owner : read_file(fd.get(), size);
    if (!owner) {
        return failure(EIO, "read", std::string("cannot read ") + btf_path + ": " + std::strerror(errno));
    }
    Result<KernelTypes> types = parse({static_cast<const std::byte*>(owner.get()), size});
    if (types) {
        types->owner_ = std::move(owner);
    }
    return types;
}

const Result<KernelTypes>& KernelTypes::of_running_kernel() {
    static const Result<KernelTypes> types = load();
    return types;
}

} // namespace sig2pid::engine
