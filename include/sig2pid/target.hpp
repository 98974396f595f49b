// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <sig2pid/error.hpp>
#include <sig2pid/process.hpp>
#include <sig2pid/signal.hpp>
#include <sig2pid/token.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sig2pid {

class Regex;
class Target;

/// One thing that must hold of a process, such as `name:nginx`.
struct Condition {
    enum class Kind {
        pid,      ///< `PID`; pid_t
        token,    ///< `PID:INODE[:BOOT]`; Token
        fd,       ///< `fd:N`, a pidfd that was inherited; int
        pidfile,  ///< `pidfile:PATH`, the process that the file names
        name,     ///< `name:NAME`, the whole name of the program
        cmd,      ///< `cmd:REGEX`, found anywhere in the command line; Regex
        exe,      ///< `exe:PATH`, the file that it runs
        user,     ///< `user:NAME` or `user:UID`, the effective user
        cgroup,   ///< `cgroup:PATH`, in that cgroup or below it
        unit,     ///< `unit:NAME`, in the cgroup of that systemd unit
        child_of, ///< `child-of:TARGET`, its parent is one of these; Target
        tree,     ///< `tree:TARGET`, one of these or a descendant; Target
        group,    ///< `group:PGID`; pid_t
        session,  ///< `session:SID`; pid_t
        state,    ///< `state:LETTER` as in ps(1)
        tty,      ///< `tty:NAME`, its controlling terminal; `tty:none` for none
        ns,       ///< `ns:PID` or `ns:KIND:PID`, in all namespaces of that process, or in that one; pid_t
        older,    ///< `older:DUR`, started longer ago; nanoseconds
        newer,    ///< `newer:DUR`, started less long ago; nanoseconds
        env,      ///< `env:NAME=VALUE`, started with it in its environment
        handles   ///< `handles:SIG`, has a handler for the signal; Signal
    };
    /// pid_t, and the N of fd, are the int.
    using Operand = std::variant<std::monostate, int, Token, Signal, std::chrono::nanoseconds,
                                 std::shared_ptr<const Regex>, std::shared_ptr<const Target>>;

    Kind kind = Kind::pid;
    std::string text;  ///< the whole as it was written
    std::string value; ///< what follows the word, `\,` being a comma
    Operand operand;   ///< the value read, for kinds that have more than text
};

/// The word of a kind, "name" for one; "PID" and "token" for the two that have none.
[[nodiscard]] std::string_view to_string(Condition::Kind kind) noexcept;

/// One argument that says which processes are meant: conditions that must all hold, joined by commas.
///
/// A comma inside a value is written `\,`; nothing else is escaped. A TARGET inside a value is one more level:
/// `tree:name:sh\,user:root` is the trees of all shells of root, `tree:name:sh,user:root` those processes of root in
/// the trees of all shells.
class Target {
public:
    /// The largest PID a 64-bit kernel can give (PID_MAX_LIMIT).
    static constexpr pid_t largest_pid = 4'194'304;

    /// Reads one argument without looking at any process, user or file.
    /// \return EINVAL with Reason::bad_input and the column. 0 and negative numbers, which kill(2) takes for whole
    /// groups, are refused with the word for what they would mean.
    [[nodiscard]] static Result<Target> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// At least one, in the order they were written.
    [[nodiscard]] std::span<const Condition> conditions() const noexcept { return conditions_; }

    /// Whether it is a PID, token or descriptor and nothing else: one process, the same at each resolve() but for a
    /// PID, and the only way to name sig2pid itself, its ancestors, PID 1 and kernel threads.
    [[nodiscard]] bool is_explicit() const noexcept;

    /// Whether it can only ever mean one process: explicit, or a pidfile. resolve() takes no other.
    [[nodiscard]] bool names_one() const noexcept;

    /// Whether its processes can make new ones that match too: a tree, children, a cgroup, a unit.
    [[nodiscard]] bool can_grow() const noexcept;

    /// Whether it has a `tree:`.
    [[nodiscard]] bool has_tree() const noexcept;

    /// The path of the control group, if the target is a `cgroup:` and nothing else; else empty.
    [[nodiscard]] std::string whole_cgroup() const;

private:
    friend Result<Target> parse_nested_target(std::string_view text, unsigned depth);

    Target(std::string_view text, std::vector<Condition> conditions)
        : text_(text), conditions_(std::move(conditions)) {}

    std::string text_;
    std::vector<Condition> conditions_;
};

/// Pins the process that the target names now. Errors as Process::open(), from_token(), from_fd() and those of a
/// pidfile (see select()); EINVAL/bad_input for a target that may mean several; EPERM/bad_input for a pidfile that
/// names this process or an ancestor.
[[nodiscard]] Result<Process> resolve(const Target& target);

} // namespace sig2pid
