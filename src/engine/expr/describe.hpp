// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/field.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sig2pid::engine::expr {

/// A piece of the user's text in single quotes, fit for a terminal: control bytes as \xNN, cut after 40 bytes.
[[nodiscard]] std::string quoted(std::string_view text);

/// The field whose name is so near that the user may have meant it; nullopt if none is.
[[nodiscard]] std::optional<std::string_view> nearest_field(std::string_view name, std::span<const Field> fields);

/// What to write instead of a name that is no field.
[[nodiscard]] std::string hint_for_unknown(std::string_view name, std::span<const Field> fields);

} // namespace sig2pid::engine::expr
