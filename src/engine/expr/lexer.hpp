// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "engine/expr/token.hpp"

#include <vector>

namespace sig2pid::engine::expr {

/// Cuts text into tokens. The last one is `end`, or `error` where the text is not made of tokens: what stands before
/// it is parsed all the same, so that the first mistake in reading order is the one reported.
[[nodiscard]] std::vector<Token> tokenize(std::string_view text);

} // namespace sig2pid::engine::expr
