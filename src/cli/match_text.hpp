// SPDX-License-Identifier: BSD-2-Clause
// Matches and their account, for people and for machines.
#pragma once

#include "cli/json.hpp"

#include <sig2pid/engine/session.hpp>

#include <string>

namespace sig2pid::cli {

/// Keys: seq time event fields signal value target{pid,inode} rung verdict blocked, and reason where there is one.
[[nodiscard]] Json json_of(const engine::Match& match, const engine::Rule& rule);

/// One line, without the fields that few care for.
[[nodiscard]] std::string text_of(const engine::Match& match, const engine::Rule& rule);

/// {"summary": {...}}: matched, delivered by rung, each other verdict, lost, unreported, unjudged, missed, ended.
[[nodiscard]] Json json_of(const engine::Summary& summary, engine::Ending ending);

/// One line: what is zero is left out, but for what was matched, delivered and lost.
[[nodiscard]] std::string text_of(const engine::Summary& summary);

} // namespace sig2pid::cli
