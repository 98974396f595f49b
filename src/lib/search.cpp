// SPDX-License-Identifier: BSD-2-Clause
#include "lib/search.hpp"

#include "lib/proc_scan.hpp"
#include "lib/sweep.hpp"

#include <cerrno>
#include <utility>

namespace sig2pid {

Search::Search(const Judge& judge, std::size_t argument, Ancestry ancestry, const Scene& scene, SetBuilder& out)
    : judge_(judge), argument_(argument), ancestry_(ancestry), scene_(scene), out_(out), scout_(judge, ancestry, scene),
      source_(scene.options.source) {}

Result<> Search::run() {
    scout_.forget_tally();
    const Result<> looked = look_for_candidates();
    return scout_.error() ? Result<>(std::unexpected(*scout_.error())) : looked;
}

Result<> Search::look_for_candidates() {
    switch (judge_.seeds()) {
    case Judge::Seeds::named: {
        Result<Process> process = judge_.pin();
        if (process) {
            keep(scout_.judge(std::move(*process)));
        }
        return process || process.error().reason == Reason::gone ? Result<>() : forward_error(process);
    }
    case Judge::Seeds::family:
        if (Result<> visible = scout_.check_not_hidden(); !visible) {
            return visible;
        }
        look_at_family();
        return {};
    case Judge::Seeds::everywhere:
        break;
    }
    return judge_.is_growing() ? look_until_complete() : look_everywhere();
}

void Search::look_at_family() {
    for (const Family::Member& member : judge_.family().members()) {
        if (member.has_exited && !judge_.wants_zombies()) {
            continue;
        }
        if (out_.has(member.pid, member.inode)) {
            scout_.count_known();
        } else {
            keep(scout_.pin(member.pid, member.inode));
        }
    }
}

Result<> Search::look_everywhere() {
    has_asked_ = is_for_source();
    return has_asked_ ? ask() : walk();
}

/// Who is born while a list of processes is read may be in none of it, and its parent, which is, gone.
Result<> Search::look_until_complete() {
    for (int round = 0; round < most_walks; ++round) {
        scene_.events->update();
        seen_ = scene_.events->position();
        scout_.forget_tally();
        if (Result<> looked = look_everywhere(); !looked) {
            return looked;
        }
        if (look_at_newborn()) {
            return {};
        }
    }
    return failure(ELOOP, "select", "more processes come and go than can be looked at");
}

/// Looks at those who were born meanwhile, until none was gone by then, whose heir may be younger. False: not all
/// births are known, or there was no end.
bool Search::look_at_newborn() {
    Facts facts(scene_.proc);
    for (int look = 0; look < most_newborn_looks && !scout_.error(); ++look) {
        scene_.events->update();
        const auto happened = scene_.events->since(std::exchange(seen_, scene_.events->position()));
        if (!happened) {
            return false;
        }
        bool all_there = true;
        for (const pid_t pid : born_in(*happened)) {
            facts.look_at(pid);
            all_there = all_there && facts.stat() != nullptr && facts.stat()->state != 'Z';
            keep(scout_.look_through(pid));
        }
        if (all_there) {
            return true;
        }
    }
    return scout_.error().has_value();
}

bool Search::is_for_source() const {
    if (source_ == nullptr || scene_.options.backend == Backend::proc) {
        return false;
    }
    return scene_.options.backend == Backend::bpf || source_->is_worth_it(out_.targets()[argument_]);
}

Result<> Search::walk() {
    if (Result<> visible = scout_.check_not_hidden(); !visible) {
        return visible;
    }
    if (can_sweep(out_.targets()[argument_])) {
        return walk_divided();
    }
    constexpr unsigned often = 64; // before the queue of the events is full
    unsigned count = 0;
    return proc::for_each_number(scene_.proc, [&](pid_t pid) {
        keep(scout_.look_through(pid));
        if (scene_.events != nullptr && ++count % often == 0) {
            scene_.events->update();
        }
    });
}

/// Where there are hundreds of processes, on all processors.
Result<> Search::walk_divided() {
    const Division division = usual_division();
    FoundLists lists(out_, argument_, division.threads);
    const auto take = [&](std::size_t thread, Process&& process, Scout& scout) {
        lists.add(thread, std::move(process), scout.known_name(), scout.take_name_file());
    };
    Result<Candidates> candidates = list_meanwhile(scene_.proc, division);
    if (!candidates) {
        return forward_error(candidates);
    }
    const Part found = look_through_all(*candidates, judge_, ancestry_, scene_, take, division);
    out_.add_all(lists);
    scout_.add_tally(found.tally);
    return found.error ? Result<>(std::unexpected(*found.error)) : Result<>();
}

/// Only who named the source is told that it failed. Others need not know of it: /proc tells the same, only later.
Result<> Search::ask() {
    Result<> asked = source_->find(out_.targets()[argument_], [this](const Candidate& candidate) {
        keep(scout_.pin(candidate.pid, candidate.inode));
    });
    if (asked || scene_.options.backend == Backend::bpf) {
        return asked;
    }
    leave_source();
    has_asked_ = false;
    scout_.forget_tally();
    return walk();
}

void Search::keep(std::optional<Process> process) {
    if (process && !out_.has(*process)) {
        out_.add(std::move(*process), argument_, scout_.known_name());
    }
}

} // namespace sig2pid
