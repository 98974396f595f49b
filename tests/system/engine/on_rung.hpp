// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "fixture.hpp"

#include <string>

namespace sig2pid::engine {

/// Tests that begin with each rung, except where this kernel lacks it.
class OnRung : public Engine, public ::testing::WithParamInterface<Rung> {
protected:
    void SetUp() override {
        Engine::SetUp();
        if (const std::string missing = missing_rung(GetParam()); !missing.empty()) {
            GTEST_SKIP() << missing;
        }
    }
};

inline const auto every_rung = ::testing::Values(Rung::direct, Rung::task_work, Rung::pidfd);

inline std::string name_of_rung(const ::testing::TestParamInfo<Rung>& rung) {
    return std::string(rung.param == Rung::task_work ? "task_work" : to_string(rung.param));
}

} // namespace sig2pid::engine
