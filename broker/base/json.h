// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runnel {

// Appends `text` as a JSON string, quotes included (RFC 8259 section 7). Bytes that are not UTF-8 become U+FFFD, so
// that the output is valid JSON whatever comes in.
void append_json_string(std::string& out, std::string_view text);

// The same JSON value without the blanks between its parts; nothing if `text` is not one valid JSON value.
std::optional<std::string> compact_json(std::string_view text);

// Of compact JSON: where the value that begins at `at` ends.
size_t json_value_end(std::string_view compact, size_t at);
// The elements of an array in compact JSON, as they stand there.
std::vector<std::string_view> json_elements(std::string_view compact);
// The value of a member of an object in compact JSON, as it stands there; the last one of several. `name` needs no
// escapes. Empty if there is none.
std::string_view json_member(std::string_view compact, std::string_view name);

// Writes one JSON object to a string, member after member. The end of its life closes the object.
class JsonObject {
public:
    explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
    ~JsonObject() { out_ += '}'; }
    JsonObject(const JsonObject&) = delete;
    JsonObject& operator=(const JsonObject&) = delete;

    // Writes the name; the caller appends the value to the returned text.
    std::string& member(std::string_view name);

    void text(std::string_view name, std::string_view value) { append_json_string(member(name), value); }
    void boolean(std::string_view name, bool value) { member(name) += value ? "true" : "false"; }
    void number(std::string_view name, std::integral auto value) { member(name) += std::to_string(value); }
    void number(std::string_view name, double value);

private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace runnel
