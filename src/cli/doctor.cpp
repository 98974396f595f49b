// SPDX-License-Identifier: BSD-2-Clause
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/output.hpp"

#include <sig2pid/engine/doctor.hpp>

#include <algorithm>

namespace sig2pid::cli {
namespace {

void print(const std::vector<engine::Finding>& findings, bool json) {
    std::vector<std::vector<std::string>> rows = {{"WHAT", "STATE", "FOUND", "WHAT WOULD ENABLE IT"}};
    for (const auto& finding : findings) {
        if (json) {
            print_json({{"what", finding.what},
                        {"state", to_string(finding.health)},
                        {"found", finding.detail},
                        {"remedy", finding.remedy}});
        }
        rows.push_back({finding.what, std::string(to_string(finding.health)), finding.detail, finding.remedy});
    }
    if (!json) {
        print_table(rows);
    }
}

} // namespace

int doctor_command(int argc, char** argv) {
    bool json = false;
    Arguments arguments("sig2pid doctor",
                        "Say what this kernel and these privileges allow, and what would enable the rest.");
    arguments.flag("--json", json, "one JSON object a finding");
    arguments.footer(
        "Exit code 3 when events cannot be turned into signals here; `sig2pid send` and `recv` may work all the "
        "same.\n\n"
        "Examples:\n  sig2pid doctor\n  sudo sig2pid doctor --json");
    if (const std::optional<int> code = arguments.parse(argc, argv)) {
        return *code;
    }
    const auto findings = engine::examine();
    print(findings, json);
    const bool bad =
        std::ranges::any_of(findings, [](const auto& finding) { return finding.health == engine::Health::bad; });
    return bad ? exit_system : exit_done;
}

} // namespace sig2pid::cli
