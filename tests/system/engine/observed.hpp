// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "fixture.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace sig2pid::engine {

/// The fields of one match by name; those whose memory could not be read are left out.
class Observed {
public:
    Observed(const Event& event, const Reported& report);

    /// A test failure and 0, "" or nothing, where there is no such field.
    [[nodiscard]] std::uint64_t number(const std::string& field) const;
    [[nodiscard]] std::string text(const std::string& field) const;
    [[nodiscard]] std::vector<std::uint64_t> numbers(const std::string& array) const;
    [[nodiscard]] bool has(const std::string& field) const { return fields_.contains(field); }

private:
    template <typename T> [[nodiscard]] T value(const std::string& field) const;

    std::map<std::string, std::variant<std::uint64_t, std::string, std::vector<std::uint64_t>>> fields_;
};

/// All matches in the order of their sequence numbers: the report of a queued send comes later than its match.
[[nodiscard]] std::vector<Observed> observed(const Event& event, std::vector<Reported> reports);
[[nodiscard]] std::vector<Observed> observed(const std::string& event, std::vector<Reported> reports);

} // namespace sig2pid::engine
