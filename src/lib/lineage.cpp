// SPDX-License-Identifier: BSD-2-Clause
#include "lib/lineage.hpp"

#include <unordered_map>

namespace sig2pid {

std::vector<pid_t> Lineage::apply(std::span<const ProcessEvent> events) {
    std::unordered_map<pid_t, std::size_t> births; // the last of each
    for (std::size_t i = 0; i < events.size() && !admitted_.empty(); ++i) {
        if (events[i].what == ProcessEvent::What::birth) {
            births[events[i].pid] = i;
        }
    }
    std::unordered_set<pid_t> born_meanwhile;
    for (const pid_t pid : admitted_) {
        (births.contains(pid) ? born_meanwhile : living_).insert(pid);
    }
    admitted_.clear();
    std::unordered_set<pid_t> news;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const ProcessEvent& event = events[i];
        const bool is_birth = event.what == ProcessEvent::What::birth;
        if (is_birth && living_.contains(event.parent)) {
            living_.insert(event.pid);
            news.insert(event.pid);
        } else if (is_birth && born_meanwhile.contains(event.pid) && births[event.pid] == i) {
            living_.insert(event.pid);
        } else { // gone, or the PID is a stranger's now
            living_.erase(event.pid);
            news.erase(event.pid);
        }
    }
    return {news.begin(), news.end()};
}

void Lineage::forget() {
    living_.clear();
    admitted_.clear();
}

} // namespace sig2pid
