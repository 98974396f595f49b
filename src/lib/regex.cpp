// SPDX-License-Identifier: BSD-2-Clause
#include "lib/regex.hpp"

#include <array>
#include <cerrno>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace sig2pid {
namespace {

// What a reasonable expression needs for a command line of megabytes, and an explosive one reaches in under a second.
constexpr std::uint32_t match_limit = 10'000'000;
constexpr std::uint32_t heap_limit_kib = 65'536;

template <typename T, void (*Release)(T*)> struct Deleter {
    void operator()(T* object) const { Release(object); }
};
using MatchContext = std::unique_ptr<pcre2_match_context, Deleter<pcre2_match_context, pcre2_match_context_free_8>>;
using MatchData = std::unique_ptr<pcre2_match_data, Deleter<pcre2_match_data, pcre2_match_data_free_8>>;

std::string message_of(int code) {
    std::array<PCRE2_UCHAR, 128> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the library's characters are bytes
    return reinterpret_cast<const char*>(text.data());
}

PCRE2_SPTR bytes_of(std::string_view text) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): likewise
    return reinterpret_cast<PCRE2_SPTR>(text.data());
}

} // namespace

Result<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code* compiled = pcre2_compile(bytes_of(pattern), pattern.size(), PCRE2_NEVER_UTF, &code, &offset, nullptr);
    if (compiled == nullptr) {
        Error error{EINVAL, "parse regex", message_of(code), Reason::bad_input, offset + 1};
        return std::unexpected(std::move(error));
    }
    return std::shared_ptr<const Regex>(new Regex(compiled));
}

Regex::~Regex() {
    pcre2_code_free(code_);
}

Result<bool> Regex::is_found_in(std::string_view text) const {
    const MatchContext context(pcre2_match_context_create(nullptr));
    const MatchData data(pcre2_match_data_create(1, nullptr));
    if (!context || !data) {
        return failure(ENOMEM, "match regex");
    }
    pcre2_set_match_limit(context.get(), match_limit);
    pcre2_set_heap_limit(context.get(), heap_limit_kib);
    const int result = pcre2_match(code_, bytes_of(text), text.size(), 0, 0, data.get(), context.get());
    if (result == PCRE2_ERROR_NOMATCH) {
        return false;
    }
    if (result < 0) {
        return failure(ELOOP, "match regex", "the regular expression takes too long: " + message_of(result),
                       Reason::bad_input);
    }
    return true;
}

} // namespace sig2pid
