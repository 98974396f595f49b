// SPDX-License-Identifier: BSD-2-Clause
// What was measured, and how it is told.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sig2pid::bench {

/// Measurements of one thing. The percentiles of none are 0.
class Samples {
public:
    void add(double value) { values_.push_back(value); }
    void add(const Samples& others) { values_.insert(values_.end(), others.values_.begin(), others.values_.end()); }
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] double p50() const { return percentile(50); }
    [[nodiscard]] double p90() const { return percentile(90); }

private:
    [[nodiscard]] double percentile(std::size_t percent) const;

    std::vector<double> values_;
};

/// What a target is a bound of.
enum class Bound { none, ratio, value };

/// One line of the table: a measure beside what it is compared with, from the same run.
struct Figure {
    std::string what = {};
    std::string unit = {}; ///< "us", "ms", "MiB", "ns", "1/s"
    Samples samples = {};
    std::string compared_with = {}; ///< empty: nothing
    Samples compared = {};
    Bound bound = Bound::none;
    double most = 0;          ///< the target: the bound's largest good value
    std::string note = {};    ///< a remark, empty for none
    std::string skipped = {}; ///< why there is no measure, empty where there is one

    [[nodiscard]] double ratio() const;

    /// Nothing where there is no target.
    [[nodiscard]] std::optional<bool> met() const;
};

/// One object a line: what unit p50 p90 samples compared_with compared_p50 compared_p90 ratio target met note, or what
/// and skipped.
void print_json(const Figure& figure);

void print_table(const std::vector<Figure>& figures);

} // namespace sig2pid::bench
