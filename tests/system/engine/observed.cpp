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

template <typename T> T Observed::value(const std::string& field) const {
    const auto found = fields_.find(field);
    if (found == fields_.end() || !std::holds_alternative<T>(found->second)) {
        ADD_FAILURE() << "no field " << field << " of this type";
        return {};
    }
    return std::get<T>(found->second);
}

std::uint64_t Observed::number(const std::string& field) const {
    return value<std::uint64_t>(field);
}

std::string Observed::text(const std::string& field) const {
    return value<std::string>(field);
}

std::vector<std::uint64_t> Observed::numbers(const std::string& array) const {
    return value<std::vector<std::uint64_t>>(array);
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
