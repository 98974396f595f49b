// SPDX-License-Identifier: BSD-2-Clause
#include "observed.hpp"

#include <algorithm>

namespace sig2pid::engine {

Observed::Observed(const Event& event, const Reported& report) {
    for (std::size_t i = 0; i < event.fields.size(); i++) {
        if (report.fields.at(i)) {
            fields_.emplace(event.fields[i].name, *report.fields[i]);
        }
    }
}

std::uint64_t Observed::number(const std::string& field) const {
    const auto found = fields_.find(field);
    if (found == fields_.end() || !std::holds_alternative<std::uint64_t>(found->second)) {
        ADD_FAILURE() << "no integer field " << field;
        return 0;
    }
    return std::get<std::uint64_t>(found->second);
}

std::string Observed::text(const std::string& field) const {
    const auto found = fields_.find(field);
    if (found == fields_.end() || !std::holds_alternative<std::string>(found->second)) {
        ADD_FAILURE() << "no string field " << field;
        return {};
    }
    return std::get<std::string>(found->second);
}

std::vector<Observed> observed(const Event& event, std::vector<Reported> reports) {
    std::ranges::sort(reports, {}, [](const Reported& report) { return report.match.seq; });
    std::vector<Observed> all;
    for (const auto& report : reports) {
        all.emplace_back(event, report);
    }
    return all;
}

std::vector<Observed> observed(const std::string& event, std::vector<Reported> reports) {
    const auto found = find_event(event);
    if (!found) {
        ADD_FAILURE() << found.error().message();
        return {};
    }
    return observed(*found, std::move(reports));
}

} // namespace sig2pid::engine
