// SPDX-License-Identifier: BSD-2-Clause
// What the kernel module says: the list of channels, and the records of one. Any bytes are refused or read within their
// bounds.
#include "engine/channel.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void list(std::string_view text) {
    for (const auto& name : sig2pid::engine::parse_channels(text)) {
        const auto channel = sig2pid::engine::channel_of("module:" + name);
        require(channel && *channel == name);
    }
}

void records(std::span<const std::byte> bytes) {
    const auto read = sig2pid::engine::parse_records(bytes, 0);
    if (!read) {
        require(read.error().code == EBADMSG);
        return;
    }
    std::uint64_t last = 0;
    for (const auto& record : *read) {
        require(record.sequence > last);
        last = record.sequence;
    }
    require(read->size() * 24 == bytes.size());
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are text here
    list({reinterpret_cast<const char*>(data), size});
    records(std::as_bytes(std::span(data, size)));
    return 0;
}
