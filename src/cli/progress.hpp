// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string_view>

namespace sig2pid::cli {

/// One line on standard error that is written over again and again, where that is a terminal; elsewhere nothing.
/// Gone with this object.
class ProgressLine {
public:
    ProgressLine();
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(std::string_view text);

    /// Before other output: it would be written into the line.
    void clear();

private:
    bool on_terminal_;
    bool shown_ = false;
};

} // namespace sig2pid::cli
