// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/selected.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sig2pid::test {

Result<ProcessSet> select_by(const std::vector<std::string>& arguments, const SelectOptions& options) {
    Result<Selector> selector = Selector::parse(arguments);
    if (!selector) {
        return forward_error(selector);
    }
    return select(*selector, options);
}

std::vector<pid_t> pids_by(const std::string& argument, const SelectOptions& options) {
    const Result<ProcessSet> set = select_by({argument}, options);
    EXPECT_TRUE(set) << argument << ": " << set.error().message();
    std::vector<pid_t> pids;
    for (std::size_t i = 0; set && i < set->size(); ++i) {
        pids.push_back((*set)[i].pid);
    }
    return pids;
}

std::string own_name(const std::string& suffix) {
    return "t" + std::to_string(::getpid()) + suffix;
}

Child::Body named(const std::string& name) {
    return [name](const std::function<void()>& ready) {
        ::prctl(PR_SET_NAME, name.c_str());
        return pause_at_defaults(ready);
    };
}

} // namespace sig2pid::test
