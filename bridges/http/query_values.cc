// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/query_values.h"

#include <algorithm>
#include <charconv>

namespace runnel::http {

Result<uint64_t, std::string> read_number(const Request& request, std::string_view name, uint64_t min, uint64_t max,
                                          uint64_t fallback) {
    const std::string* wanted = request.find_query(name);
    if (wanted == nullptr) return fallback;
    uint64_t number = 0;
    const char* end = wanted->data() + wanted->size();
    const auto read = std::from_chars(wanted->data(), end, number);
    if (!wanted->empty() && read.ec == std::errc() && read.ptr == end && number >= min && number <= max) return number;
    return "\"" + std::string(name) + "\" must be a number from " + std::to_string(min) + " to " + std::to_string(max) +
           ".";
}

std::string_view read_text(const Request& request, std::string_view name) {
    const std::string* text = request.find_query(name);
    return text == nullptr ? std::string_view() : *text;
}

Response query_problem(std::string_view detail) {
    return problem(422, "parameter", detail);
}

std::optional<Response> unknown_name_problem(const Request& request, std::initializer_list<std::string_view> names) {
    for (const auto& [name, value] : request.query) {
        if (std::ranges::find(names, name) != names.end()) continue;
        std::string detail = "\"" + name + "\" is not known here; known are";
        for (const std::string_view known : names)
            detail.append(known == *names.begin() ? " " : ", ").append(known);
        return query_problem(detail + ".");
    }
    return std::nullopt;
}

}  // namespace runnel::http
