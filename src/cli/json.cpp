// SPDX-License-Identifier: BSD-2-Clause
#include "cli/json.hpp"

#include "cli/output.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sig2pid::cli {
namespace {

/// \u00NN for DEL and for U+0080 to U+009F: JSON lets them stand, and a terminal obeys them.
std::string escape_controls(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool two_bytes =
            text[i] == '\xC2' && i + 1 < text.size() && static_cast<signed char>(text[i + 1]) < -0x60;
        if (text[i] == '\x7F') {
            result += "\\u007f";
        } else if (two_bytes) {
            const auto low = static_cast<unsigned char>(text[++i]);
            result += "\\u00";
            result += low < 0x90 ? '8' : '9';
            result += "0123456789abcdef"[low & 0xFU];
        } else {
            result += text[i];
        }
    }
    return result;
}

using Library = nlohmann::ordered_json;

Library convert(const Json& value);

Library convert(const Json::Array& elements) {
    Library list = Library::array();
    for (const Json& element : elements) {
        list.push_back(convert(element));
    }
    return list;
}

Library convert(const Json::Object& members) {
    Library object = Library::object();
    for (const auto& [key, value] : members) {
        object[key] = convert(value);
    }
    return object;
}

template <typename Plain> Library convert(const Plain& value) {
    return value;
}

Library convert(const Json& value) {
    return std::visit([](const auto& each) { return convert(each); }, value.value());
}

} // namespace

Json::Json(std::initializer_list<std::pair<std::string_view, Json>> members) : value_(Object()) {
    for (const auto& [key, value] : members) {
        std::get<Object>(value_).emplace_back(key, value);
    }
}

Json Json::array() {
    Json json;
    json.value_ = Array();
    return json;
}

Json Json::object() {
    Json json;
    json.value_ = Object();
    return json;
}

Json& Json::operator[](std::string_view key) {
    if (std::holds_alternative<std::nullptr_t>(value_)) {
        value_ = Object();
    }
    auto& members = std::get<Object>(value_);
    const auto found = std::ranges::find(members, key, &Object::value_type::first);
    return found != members.end() ? found->second : members.emplace_back(key, Json()).second;
}

void Json::push_back(Json element) {
    std::get<Array>(value_).push_back(std::move(element));
}

std::string line_of(const Json& value) {
    return escape_controls(convert(value).dump(-1, ' ', false, Library::error_handler_t::replace));
}

void print_json(const Json& object) {
    print_line(line_of(object));
}

} // namespace sig2pid::cli
