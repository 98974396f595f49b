// SPDX-License-Identifier: BSD-2-Clause
#include "helpers/json.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

namespace sig2pid::test {

struct Json::Value {
    nlohmann::json json;
};

Json::Json() : value_(std::make_shared<Value>()) {}

Json Json::parse(std::string_view text) {
    return Json(std::make_shared<Value>(Value{nlohmann::json::parse(text)}));
}

Json Json::operator[](std::string_view key) const {
    return contains(key) ? Json(std::make_shared<Value>(Value{value_->json.at(std::string(key))})) : Json();
}

bool Json::contains(std::string_view key) const {
    return value_->json.contains(std::string(key));
}

bool Json::is_null() const {
    return value_->json.is_null();
}

bool Json::is_string() const {
    return value_->json.is_string();
}

bool Json::is_array() const {
    return value_->json.is_array();
}

bool Json::is_number() const {
    return value_->json.is_number();
}

std::int64_t Json::number() const {
    return value_->json.get<std::int64_t>();
}

std::string Json::text() const {
    return value_->json.get<std::string>();
}

bool Json::operator==(const Json& other) const {
    return value_->json == other.value_->json;
}

bool Json::operator==(std::string_view text) const {
    return is_string() && this->text() == text;
}

bool Json::is(bool value) const {
    return value_->json.is_boolean() && value_->json.get<bool>() == value;
}

std::ostream& operator<<(std::ostream& out, const Json& json) {
    return out << json.value_->json;
}

std::vector<Json> json_lines(const std::string& text) {
    std::vector<Json> lines;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = text.find('\n', start);
        lines.push_back(Json::parse(std::string_view(text).substr(start, end - start)));
        start = end == std::string::npos ? text.size() : end + 1;
    }
    return lines;
}

} // namespace sig2pid::test
