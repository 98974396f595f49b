// SPDX-License-Identifier: BSD-2-Clause
#include "engine/tracefs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <memory>
#include <optional>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace sig2pid::engine {

namespace {

constexpr std::size_t max_format = 1U << 20U; ///< bytes; the longest known ones are some 100 KiB

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

/// The number after `key` ("offset:") in a line.
std::optional<std::uint16_t> number_after(std::string_view line, std::string_view key) {
    const auto at = line.find(key);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    std::uint16_t value = 0;
    const char* begin = line.data() + at + key.size();
    const auto [end, error] = std::from_chars(begin, line.data() + line.size(), value);
    return error == std::errc() && end != begin ? std::optional(value) : std::nullopt;
}

/// "char comm[16]" declares a field comm of the type char[16].
void split_declaration(std::string_view declaration, RecordField& field) {
    const auto bracket = declaration.find('[');
    const bool located = declaration.starts_with("__data_loc") || declaration.starts_with("__rel_loc");
    std::string_view suffix;
    if (!located && bracket != std::string_view::npos) {
        suffix = declaration.substr(bracket);
        declaration = declaration.substr(0, bracket);
    }
    const auto space = declaration.find_last_of(" \t");
    field.name = space == std::string_view::npos ? declaration : declaration.substr(space + 1);
    field.type =
        std::string(trimmed(declaration.substr(0, space == std::string_view::npos ? 0 : space))) + std::string(suffix);
}

std::optional<RecordField> parse_field(std::string_view line) {
    const auto start = line.find("field:") + 6;
    const auto semicolon = line.find(';', start);
    if (semicolon == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = line.substr(semicolon);
    const auto offset = number_after(rest, "offset:");
    const auto size = number_after(rest, "size:");
    if (!offset || !size) {
        return std::nullopt;
    }
    RecordField field;
    split_declaration(trimmed(line.substr(start, semicolon - start)), field);
    field.offset = *offset;
    field.size = *size;
    field.is_signed = number_after(rest, "signed:").value_or(0) != 0;
    return field.name.empty() || field.type.empty() ? std::nullopt : std::optional(field);
}

UniqueFd open_mounted(const char* path) {
    UniqueFd fd(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct statfs info = {};
    const bool is_tracefs = fd && fstatfs(fd.get(), &info) == 0 && info.f_type == TRACEFS_MAGIC;
    return is_tracefs ? std::move(fd) : UniqueFd();
}

/// A mount that no directory shows, gone with its descriptor; Linux 5.2, fsopen(2).
UniqueFd open_detached() {
    const UniqueFd context(fsopen("tracefs", FSOPEN_CLOEXEC));
    if (!context || fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
        return {};
    }
    return UniqueFd(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
}

Result<std::string> read_file(int directory, const std::string& path) {
    const UniqueFd fd(openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return failure(errno, "openat", {});
    }
    std::string text;
    std::array<char, 4096> chunk = {};
    ssize_t got = 0;
    while (text.size() < max_format && (got = read(fd.get(), chunk.data(), chunk.size())) > 0) {
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
    return got < 0 ? Result<std::string>(failure(errno, "read", {})) : text;
}

struct DirectoryCloser {
    void operator()(DIR* directory) const { closedir(directory); }
};

/// A name that stays below events/: foreign text must not climb out of it.
bool is_plain_name(std::string_view name) {
    return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos &&
           name.find('\0') == std::string_view::npos;
}

} // namespace

Result<RecordFormat> parse_format(std::string_view text) {
    RecordFormat format;
    bool has_id = false;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.starts_with("ID: ")) {
            has_id = std::from_chars(line.data() + 4, line.data() + line.size(), format.id).ec == std::errc();
        } else if (trimmed(line).starts_with("field:")) {
            const auto field = parse_field(line);
            if (!field) {
                return failure(EBADMSG, "parse_format", "a tracepoint's format has a line that is not understood");
            }
            if (!field->name.starts_with("common_")) {
                format.fields.push_back(*field);
            }
        } else if (line.starts_with("print fmt")) {
            break;
        }
    }
    if (!has_id) {
        return failure(EBADMSG, "parse_format", "a tracepoint's format has no ID");
    }
    return format;
}

Result<Tracefs> Tracefs::open() {
    for (const char* path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
        if (UniqueFd fd = open_mounted(path)) {
            return Tracefs(std::move(fd));
        }
    }
    UniqueFd fd = open_detached();
    if (!fd) {
        const int code = errno;
        return failure(code, "fsopen",
                       code == EPERM || code == EACCES
                           ? "the kernel's list of tracepoints needs root, or CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH"
                           : "this kernel has no tracefs, so no tracepoint: and syscall: events");
    }
    if (faccessat(fd.get(), "events", R_OK | X_OK, AT_EACCESS) != 0) { // its mode is for root, whoever mounted it
        return failure(errno, "open tracefs",
                       "the kernel's list of tracepoints is for root: run as root, or with CAP_DAC_READ_SEARCH");
    }
    return Tracefs(std::move(fd));
}

Result<RecordFormat> Tracefs::format(const std::string& category, const std::string& name) const {
    if (!is_plain_name(category) || !is_plain_name(name)) {
        return failure(ENOENT, "tracefs", {});
    }
    auto text = read_file(root_.get(), "events/" + category + "/" + name + "/format");
    if (!text) {
        // "enable" and the like are files beside the directories of tracepoints
        const bool absent = text.error().code == ENOTDIR || text.error().code == ENAMETOOLONG;
        return absent ? failure(ENOENT, "tracefs", {}) : std::unexpected(text.error());
    }
    return parse_format(*text);
}

Result<std::vector<std::string>> Tracefs::list(const std::string& category) const {
    if (!category.empty() && !is_plain_name(category)) {
        return failure(ENOENT, "tracefs", {});
    }
    const int fd = openat(root_.get(), ("events/" + category).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, DirectoryCloser> directory(fd >= 0 ? fdopendir(fd) : nullptr);
    if (!directory) {
        return failure(errno, "opendir", {});
    }
    std::vector<std::string> names;
    while (const dirent* entry = readdir(directory.get())) {
        if (entry->d_name[0] != '.' && entry->d_type == DT_DIR) {
            names.emplace_back(entry->d_name);
        }
    }
    std::ranges::sort(names);
    return names;
}

} // namespace sig2pid::engine
