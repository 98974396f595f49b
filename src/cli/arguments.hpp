// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// The library's own name.
// NOLINTNEXTLINE(readability-identifier-naming)
namespace CLI {
class App;
} // namespace CLI

namespace sig2pid::cli {

/// The options and operands that a command takes, in the order of its --help. CLI11 does the work, and is named in no
/// other file.
///
/// What is read is put into the caller's variables, which must outlive this. An empty value is always refused.
class Arguments {
public:
    /// \param command as it is called: "sig2pid send"
    Arguments(const std::string& command, const std::string& description);
    ~Arguments();
    Arguments(const Arguments&) = delete;
    Arguments& operator=(const Arguments&) = delete;

    /// \param names "-s,--signal"
    void flag(const std::string& names, bool& given, const std::string& help);

    /// \param type what stands for the value in --help: "SIG"
    void value(const std::string& names, std::string& value, const std::string& type, const std::string& help);

    /// One of these words.
    void choice(const std::string& names, std::string& value, const std::string& type,
                const std::vector<std::string>& words, const std::string& help);

    /// May be given more than once, each time with a value.
    void values(const std::string& names, std::vector<std::string>& values, const std::string& type,
                const std::string& help);

    /// At most one.
    void operand(const std::string& name, std::string& value, const std::string& type, const std::string& help);

    /// One at least.
    /// \param text what stands for them in --help: "TARGET..."
    void operands(const std::string& name, std::vector<std::string>& values, const std::string& text,
                  const std::string& help);

    /// An option or operand, by its name, that must be there.
    void require(const std::string& name);

    /// Two options that exclude each other.
    void exclude(const std::string& name, const std::string& other);

    /// What --help ends with.
    void footer(const std::string& text);

    /// Nothing when they are good; else the exit code, --help and mistakes having been answered.
    [[nodiscard]] std::optional<int> parse(int argc, char** argv);

private:
    std::unique_ptr<CLI::App> app_;
};

} // namespace sig2pid::cli
