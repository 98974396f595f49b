// SPDX-License-Identifier: BSD-2-Clause
#include "lib/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace sig2pid {
namespace {

constexpr std::size_t longest_compared = 64;

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same(char left, char right) {
    return lower(left) == lower(right);
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before;
    std::vector<std::size_t> last(right.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::vector<std::size_t> row(right.size() + 1, i + 1);
        for (std::size_t j = 0; j < right.size(); ++j) {
            row[j + 1] = std::min({last[j] + (same(left[i], right[j]) ? 0 : 1), last[j + 1] + 1, row[j] + 1});
            if (i > 0 && j > 0 && same(left[i], right[j - 1]) && same(left[i - 1], right[j])) {
                row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
            }
        }
        before = std::exchange(last, std::move(row));
    }
    return last.back();
}

} // namespace

std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates) {
    std::string_view best;
    std::size_t fewest = longest_compared;
    if (text.empty() || text.size() > longest_compared) {
        return best;
    }
    for (const std::string_view candidate : candidates) {
        const std::size_t edits = edit_distance(text, candidate);
        if (edits < fewest && edits * 2 <= std::max(text.size(), candidate.size())) {
            best = candidate;
            fewest = edits;
        }
    }
    return best;
}

} // namespace sig2pid
