// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace runnel {

// A JSON value that was read. Members keep their order; of several with one name the last one counts.
class JsonValue {
public:
    using Members = std::vector<std::pair<std::string, JsonValue>>;
    using Elements = std::vector<JsonValue>;
    using Content = std::variant<std::monostate, bool, double, std::string, Elements, Members>;

    JsonValue() = default;
    explicit JsonValue(Content content) : content_(std::move(content)) {}

    // The value of valid JSON (RFC 8259), nothing for any other text.
    static std::optional<JsonValue> parse(std::string_view text);

    bool is_object() const { return std::holds_alternative<Members>(content_); }
    // Null where there is no such member, so that a path can be walked without asking at each step.
    const JsonValue& operator[](std::string_view name) const;
    // Empty if it is not an array.
    const Elements& elements() const;
    const Members& members() const;
    // What is of another type is taken for the default.
    std::string text(std::string_view otherwise = {}) const;
    double number(double otherwise = 0) const;
    bool boolean(bool otherwise = false) const;
    const std::string* if_text() const { return std::get_if<std::string>(&content_); }

private:
    Content content_;
};

}  // namespace runnel
