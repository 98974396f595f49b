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

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t replaced = diagonal + (lower(left[i]) == lower(right[j]) ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
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
