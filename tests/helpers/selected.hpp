// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "helpers/child.hpp"

#include <sig2pid/selector.hpp>

#include <string>
#include <vector>

namespace sig2pid::test {

/// What a selection of these arguments gives.
Result<ProcessSet> select_by(const std::vector<std::string>& arguments, const SelectOptions& options = {});

/// The PIDs that it finds; none when it fails.
std::vector<pid_t> pids_by(const std::string& argument, const SelectOptions& options = {});

/// A name that no other process has while the tests run.
std::string own_name(const std::string& suffix = "");

/// A body that takes a name and sleeps until it is killed.
Child::Body named(const std::string& name);

} // namespace sig2pid::test
