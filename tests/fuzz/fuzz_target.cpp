// SPDX-License-Identifier: BSD-2-Clause
// Any text is either refused with a column inside it, or becomes conditions that read back as they were written.
#include <sig2pid/target.hpp>

#include <cstdint>
#include <cstdlib>

namespace {

using namespace sig2pid;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_nested(const Condition& condition) {
    const auto* nested = std::get_if<std::shared_ptr<const Target>>(&condition.operand);
    require((nested != nullptr) ==
            (condition.kind == Condition::Kind::tree || condition.kind == Condition::Kind::child_of));
    require(nested == nullptr || (*nested)->text() == condition.value);
}

void check_target(const Target& target, std::string_view text) {
    require(target.text() == text && !target.conditions().empty());
    std::string joined;
    for (const Condition& condition : target.conditions()) {
        require(!condition.text.empty() && !condition.value.empty());
        require(!to_string(condition.kind).empty());
        joined += (joined.empty() ? "" : ",") + condition.text;
        check_nested(condition);
    }
    require(joined == text);
    require(!target.is_explicit() || target.names_one());
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes are text here
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<Target> target = Target::parse(text);
    if (target) {
        check_target(*target, text);
        return 0;
    }
    require(target.error().reason == Reason::bad_input);
    require(target.error().column >= 1 && target.error().column <= text.size() + 1);
    return 0;
}
