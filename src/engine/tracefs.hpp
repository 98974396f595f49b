// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/unique_fd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sig2pid::engine {

/// One field of a tracepoint's record, as its format file declares it.
struct RecordField {
    std::string type; ///< "int", "char[16]", "__data_loc char[]"
    std::string name;
    std::uint16_t offset = 0; ///< bytes from the record's start
    std::uint16_t size = 0;   ///< bytes
    bool is_signed = false;

    friend bool operator==(const RecordField&, const RecordField&) = default;
};

/// A tracepoint's format file: its id and its fields, without the common ones.
struct RecordFormat {
    std::uint32_t id = 0;
    std::vector<RecordField> fields;
};

/// Reads the text of a format file, whatever it holds; EBADMSG where it is not one.
[[nodiscard]] Result<RecordFormat> parse_format(std::string_view text);

/// The kernel's list of tracepoints. Where nothing has mounted it, it is mounted for this object alone, in no
/// directory, so that nothing stays behind.
class Tracefs {
public:
    /// EACCES or EPERM without the privilege; ENODEV where the kernel has none.
    [[nodiscard]] static Result<Tracefs> open();

    /// ENOENT where there is no such tracepoint.
    [[nodiscard]] Result<RecordFormat> format(const std::string& category, const std::string& name) const;

    /// The names in events/ or in events/CATEGORY/, sorted.
    [[nodiscard]] Result<std::vector<std::string>> list(const std::string& category = {}) const;

private:
    explicit Tracefs(UniqueFd root) : root_(std::move(root)) {}

    UniqueFd root_;
};

} // namespace sig2pid::engine
