// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "helpers/child.hpp"
#include "helpers/command.hpp"
#include "helpers/json.hpp"

#include <string>
#include <vector>

namespace sig2pid::test {

using Arguments = std::vector<std::string>;

/// The program with these arguments, to be started.
inline Arguments sig2pid(Arguments arguments) {
    arguments.insert(arguments.begin(), SIG2PID);
    return arguments;
}

/// The program run to its end with these arguments.
inline Outcome run_sig2pid(const Arguments& arguments) {
    return run(sig2pid(arguments));
}

/// The command started with these signals ignored, as nohup(1) and `trap '' INT` do.
inline Arguments ignoring(const std::string& signals, const Arguments& command) {
    Arguments arguments = {"sh", "-c", "trap '' " + signals + "; exec \"$0\" \"$@\""};
    arguments.insert(arguments.end(), command.begin(), command.end());
    return arguments;
}

inline bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace sig2pid::test
