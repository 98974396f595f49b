// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>

#include <memory>
#include <string_view>

struct pcre2_real_code_8;

namespace sig2pid {

/// A regular expression in Perl's syntax, over bytes. Safe from several threads.
class Regex {
public:
    /// EINVAL/bad_input with the column, counted in `pattern`.
    [[nodiscard]] static Result<std::shared_ptr<const Regex>> compile(std::string_view pattern);

    ~Regex();
    Regex(const Regex&) = delete;
    Regex& operator=(const Regex&) = delete;

    /// Whether it matches anywhere in `text`. ELOOP when an expression with nested repetition would take too long.
    [[nodiscard]] Result<bool> is_found_in(std::string_view text) const;

private:
    explicit Regex(pcre2_real_code_8* code) noexcept : code_(code) {}

    pcre2_real_code_8* code_;
};

} // namespace sig2pid
