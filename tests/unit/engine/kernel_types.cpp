// SPDX-License-Identifier: BSD-2-Clause
#include "engine/kernel_types.hpp"

#include <bpf/btf.h>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>

namespace sig2pid::engine {
namespace {

using OwnedBtf = std::unique_ptr<btf, decltype(&btf__free)>;

/// A small BTF with each kind that has a tail of its own, made by libbpf.
OwnedBtf small_btf() {
    OwnedBtf types(btf__new_empty(), &btf__free);
    const int number = btf__add_int(types.get(), "int", 4, BTF_INT_SIGNED);
    const int task = btf__add_struct(types.get(), "task_struct", 16);
    btf__add_field(types.get(), "pid", number, 0, 0);
    btf__add_array(types.get(), number, number, 4);
    btf__add_enum(types.get(), "pid_type", 4);
    btf__add_enum_value(types.get(), "PIDTYPE_PID", 0);
    const int pointer = btf__add_ptr(types.get(), task);
    const int prototype = btf__add_func_proto(types.get(), number);
    btf__add_func_param(types.get(), "p", pointer);
    btf__add_func(types.get(), "pid", BTF_FUNC_STATIC, prototype);
    return types;
}

std::vector<std::byte> bytes_of(const btf* types) {
    __u32 size = 0;
    const auto* data = static_cast<const std::byte*>(btf__raw_data(types, &size));
    return {data, data + size};
}

TEST(KernelTypes, finds_a_type_by_name_and_kind) {
    const OwnedBtf small = small_btf();
    const std::vector<std::byte> data = bytes_of(small.get());
    const auto types = KernelTypes::parse(data);
    ASSERT_TRUE(types) << types.error().message();
    EXPECT_EQ(types->find("pid", BTF_KIND_FUNC), 7U);
    EXPECT_EQ(types->find("task_struct", BTF_KIND_STRUCT), 2U);
    EXPECT_EQ(types->find("pid", BTF_KIND_STRUCT), 0U);
    EXPECT_EQ(types->name(*types->type(4)), "pid_type");
    EXPECT_EQ(types->type(0), nullptr);
    EXPECT_EQ(types->type(8), nullptr);
}

TEST(KernelTypes, refuses_what_is_cut_short_at_any_byte) {
    const OwnedBtf small = small_btf();
    const std::vector<std::byte> whole = bytes_of(small.get());
    for (std::size_t size = 0; size < whole.size(); size++) {
        const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(KernelTypes::parse(part)) << size;
    }
}

TEST(KernelTypes, refuses_a_kind_that_it_does_not_know) {
    const OwnedBtf small = small_btf();
    std::vector<std::byte> data = bytes_of(small.get());
    const __u32 kind_31 = 31U << 24U;
    std::memcpy(data.data() + sizeof(btf_header) + offsetof(btf_type, info), &kind_31, sizeof(kind_31));
    const auto types = KernelTypes::parse(data);
    ASSERT_FALSE(types);
    EXPECT_EQ(types.error().code, EINVAL);
}

TEST(KernelTypes, reads_the_running_kernel_as_libbpf_does) {
    const OwnedBtf theirs(btf__load_vmlinux_btf(), &btf__free);
    const auto& ours = KernelTypes::of_running_kernel();
    if (!theirs) {
        GTEST_SKIP() << "this kernel has no BTF";
    }
    ASSERT_TRUE(ours) << ours.error().message();
    for (const char* name : {"task_struct", "pid", "cred", "kernfs_node", "no_such_struct"}) {
        const int id = btf__find_by_name_kind(theirs.get(), name, BTF_KIND_STRUCT);
        EXPECT_EQ(ours->find(name, BTF_KIND_STRUCT), id > 0 ? static_cast<TypeId>(id) : 0) << name;
    }
    for (const char* name : {"bpf_task_acquire", "vfs_read", "kill_pid"}) {
        const int id = btf__find_by_name_kind(theirs.get(), name, BTF_KIND_FUNC);
        EXPECT_EQ(ours->find(name, BTF_KIND_FUNC), id > 0 ? static_cast<TypeId>(id) : 0) << name;
    }
}

TEST(NameSet, tells_short_names_from_longer_ones) {
    NameSet names;
    names.add("pid");
    EXPECT_TRUE(names.contains("pid"));
    EXPECT_TRUE(names.may_contain(NameSet::hash("pid\0struct")));
    EXPECT_FALSE(names.contains("pids"));
    EXPECT_FALSE(names.contains(""));
}

} // namespace
} // namespace sig2pid::engine
