// SPDX-License-Identifier: BSD-2-Clause
#include "bench/figure.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sig2pid::bench {
namespace {

/// Three figures that mean something.
std::string number(double value) {
    return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

std::string target_text(const Figure& figure) {
    switch (figure.bound) {
    case Bound::ratio:
        return "ratio <= " + number(figure.most);
    case Bound::value:
        return "<= " + number(figure.most) + " " + figure.unit;
    case Bound::none:
        break;
    }
    return "";
}

std::string yes_or_no(std::optional<bool> met) {
    return !met ? "" : *met ? "yes" : "no";
}

using Row = std::vector<std::string>;

Row row_of(const Figure& figure) {
    if (!figure.skipped.empty()) {
        return {figure.what, "skipped: " + figure.skipped};
    }
    const bool is_compared = !figure.compared_with.empty();
    return {figure.what,
            number(figure.samples.p50()) + " " + figure.unit,
            number(figure.samples.p90()),
            figure.compared_with,
            is_compared ? number(figure.compared.p50()) : "",
            is_compared ? number(figure.ratio()) : "",
            target_text(figure),
            yes_or_no(figure.met()),
            figure.note};
}

/// A row of two cells runs across: it sets the width of the first only.
std::vector<std::size_t> widths_of(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < (row.size() == 2 ? 1 : row.size()); i++) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    return widths;
}

} // namespace

double Samples::percentile(std::size_t percent) const {
    if (values_.empty()) {
        return 0;
    }
    std::vector<double> sorted = values_;
    const auto at = static_cast<std::ptrdiff_t>((sorted.size() - 1) * percent / 100);
    std::ranges::nth_element(sorted, sorted.begin() + at);
    return sorted[static_cast<std::size_t>(at)];
}

double Figure::ratio() const {
    return compared.p50() > 0 ? samples.p50() / compared.p50() : 0;
}

std::optional<bool> Figure::met() const {
    if (bound == Bound::none || !skipped.empty()) {
        return std::nullopt;
    }
    return (bound == Bound::ratio ? ratio() : samples.p50()) <= most;
}

void print_json(const Figure& figure) {
    nlohmann::ordered_json line = {{"what", figure.what}};
    if (!figure.skipped.empty()) {
        line["skipped"] = figure.skipped;
    } else {
        line.update({{"unit", figure.unit}, {"p50", figure.samples.p50()}, {"p90", figure.samples.p90()}});
        line["samples"] = figure.samples.size();
    }
    if (figure.skipped.empty() && !figure.compared_with.empty()) {
        line["compared_with"] = figure.compared_with;
        line["compared_p50"] = figure.compared.p50();
        line["compared_p90"] = figure.compared.p90();
        line["ratio"] = figure.ratio();
    }
    if (const std::optional<bool> met = figure.met()) {
        line["target"] = target_text(figure);
        line["met"] = *met;
    }
    if (!figure.note.empty()) {
        line["note"] = figure.note;
    }
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
}

void print_table(const std::vector<Figure>& figures) {
    std::vector<Row> rows = {{"WHAT", "P50", "P90", "COMPARED WITH", "P50", "RATIO", "TARGET", "MET", "NOTE"}};
    std::ranges::transform(figures, std::back_inserter(rows), row_of);
    const std::vector<std::size_t> widths = widths_of(rows);
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); i++) {
            line += fmt::format("{:<{}}  ", row[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", line);
    }
}

} // namespace sig2pid::bench
