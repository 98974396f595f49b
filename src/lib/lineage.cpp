// SPDX-License-Identifier: BSD-2-Clause
#include "lib/lineage.hpp"

#include <unordered_map>
#include <utility>

namespace sig2pid {

std::vector<ProcessEvent> Lineage::apply(std::span<const ProcessEvent> events) {
    std::unordered_map<pid_t, Admission> found;
    for (const Admission& admission : std::exchange(admitted_, {})) {
        found[admission.pid] = admission;
    }
    const auto is_own_birth = [&](const ProcessEvent& event) {
        const auto one = found.find(event.pid);
        return event.what == ProcessEvent::What::birth && one != found.end() && one->second.started <= event.time &&
               event.time <= one->second.lived;
    };
    std::unordered_set<pid_t> born_meanwhile;
    for (const ProcessEvent& event : events) {
        if (!found.empty() && is_own_birth(event)) {
            born_meanwhile.insert(event.pid);
        }
    }
    for (const auto& [pid, admission] : found) {
        if (!born_meanwhile.contains(pid)) {
            living_.insert(pid);
        }
    }
    std::vector<ProcessEvent> births;
    for (const ProcessEvent& event : events) {
        const bool is_birth = event.what == ProcessEvent::What::birth;
        if (is_birth && living_.contains(event.parent)) {
            living_.insert(event.pid);
            births.push_back(event);
        } else if (is_birth && is_own_birth(event)) {
            living_.insert(event.pid);
        } else { // gone, or the PID is a stranger's now
            living_.erase(event.pid);
        }
    }
    return births;
}

void Lineage::forget() {
    living_.clear();
    admitted_.clear();
}

} // namespace sig2pid
