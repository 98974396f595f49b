// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/process_set.hpp>
#include <sig2pid/selector.hpp>

#include <atomic>
#include <optional>
#include <unordered_map>
#include <vector>

namespace sig2pid {

class FoundLists;
class Judge;
class ProcessEvents;

/// One that a selection found.
struct Found {
    ProcessSet::Member member;
    std::optional<Process> process; ///< none: beyond the limit of descriptors
    UniqueFd name_file; ///< that of the pinned process where it was read, and there are descriptors for more
};

/// Collects what a selection finds and puts it into a ProcessSet, within the limit of descriptors.
class SetBuilder {
public:
    explicit SetBuilder(ProcessSet& set);

    /// Whether the set has this process, or it was added.
    [[nodiscard]] bool has(const Process& process) const;
    [[nodiscard]] bool has(pid_t pid, std::uint64_t inode) const;

    void add(Process process, std::size_t argument, std::string_view name = {});

    /// Those that are not in the set yet.
    void add_all(FoundLists& lists);

    /// How many were added since the set was last finished.
    [[nodiscard]] std::size_t count() const noexcept { return found_.size(); }

    /// Picks, checks the limit, and puts the new members behind the others in the order of their PIDs.
    [[nodiscard]] Result<> finish(const SelectOptions& options);

    void miss(std::size_t argument, Error error);
    void leave_out(std::size_t count) noexcept { set_.left_out_ += count; }
    [[nodiscard]] std::vector<std::shared_ptr<Judge>>& judges() noexcept { return set_.judges_; }
    void keep_proc(UniqueFd proc) noexcept { set_.proc_ = std::move(proc); }

    /// What becomes known of births from the first search on.
    [[nodiscard]] ProcessEvents& events(int proc);
    [[nodiscard]] std::span<const Target> targets() const noexcept { return set_.targets_; }

private:
    friend class FoundLists;

    [[nodiscard]] std::size_t& places();
    [[nodiscard]] bool takes_descriptor();
    [[nodiscard]] Result<> pick(Pick which);
    [[nodiscard]] Result<> check_size(const SelectOptions& options) const;

    ProcessSet& set_;
    std::vector<Found> found_;
    std::unordered_multimap<pid_t, std::uint64_t> known_; ///< PID and inode of the set's members
    std::optional<std::size_t> free_descriptors_;         ///< counted when it matters
};

/// What several threads find: each has a list of its own. A lock would now and then put one to sleep, and the kernel
/// often lets it go on only behind the other, on the same processor.
class FoundLists {
public:
    FoundLists(SetBuilder& builder, std::size_t argument, std::size_t threads);

    /// To be called by the thread with this number alone, while nobody else adds to the builder.
    void add(std::size_t thread, Process process, std::string_view name, UniqueFd name_file);

private:
    friend class SetBuilder;

    const SetBuilder& builder_;
    std::size_t argument_;
    std::atomic<std::size_t> places_; ///< descriptors that are left
    std::size_t for_pins_;            ///< of which so many are for pins alone
    std::vector<std::vector<Found>> lists_;
};

/// How many descriptors can be opened and some be left for the program: a guess, for others may open some too.
[[nodiscard]] std::size_t free_descriptors();

} // namespace sig2pid
