// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

namespace sig2pid::test {

/// A control group of version 2 for one test, or one below it; empty where none can be made. Whoever is in it is killed
/// with this object.
class ControlGroup {
public:
    /// Right below the root of the hierarchy, with a name of its own.
    ControlGroup();

    /// Likewise, of this name.
    explicit ControlGroup(const std::string& name);

    /// Below another.
    ControlGroup(const ControlGroup& parent, const std::string& name);

    ~ControlGroup();
    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;

    /// In the file system; empty: there is none.
    [[nodiscard]] const std::string& path() const { return path_; }

    /// Moves the calling process into it.
    void enter() const;

    void freeze() const;

    /// Whether all in it stand still, which takes a moment.
    [[nodiscard]] bool stands_still() const;
    [[nodiscard]] bool is_frozen() const;

private:
    std::string path_;
};

} // namespace sig2pid::test
