// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <cstdint>
#include <string_view>

namespace sig2pid {

/// Reads a size in bytes: 512, 64K, 2G; K, M, G, T are powers of 1024.
/// \return EINVAL (Reason::bad_input, with the column) for anything else, ERANGE for what does not fit 64 bits.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

} // namespace sig2pid
