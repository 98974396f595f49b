// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/engine/predicate.hpp>

#include "engine/expr/number.hpp"

#include <expected>
#include <string_view>
#include <vector>

namespace sig2pid::engine::expr {

/// A compiled shell glob; its set tokens refer to its own sets.
struct Glob {
    std::vector<GlobToken> tokens;
    std::vector<ByteSet> sets;

    /// The fewest bytes a text must have to match.
    [[nodiscard]] std::size_t shortest() const;
};

/// Compiles a pattern as fnmatch(3) reads it in the C locale: * ? [a-z] [!x] [[:alpha:]] and a backslash that takes
/// the meaning from the next byte; a '[' without end is a plain byte. Refused are patterns that fnmatch never
/// matches, equivalence classes and collating symbols, and more than Predicate::max_glob tokens.
[[nodiscard]] std::expected<Glob, Complaint> compile_glob(std::string_view pattern);

/// The index of the set among the sets, added if it is not there yet.
[[nodiscard]] std::size_t intern(std::vector<ByteSet>& sets, const ByteSet& set);

} // namespace sig2pid::engine::expr
