// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/message.h"

#include <algorithm>

#include "broker/base/json.h"

namespace runnel::http {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

struct StatusText {
    int status;
    std::string_view text;
};

constexpr StatusText kStatusTexts[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const size_t end = std::min(list.find(','), list.size());
        if (equals_ignoring_case(trimmed(list.substr(0, end)), token)) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

const std::string* Headers::find(std::string_view name) const {
    for (const Header& field : fields_)
        if (equals_ignoring_case(field.name, name)) return &field.value;
    return nullptr;
}

size_t Headers::count(std::string_view name) const {
    return static_cast<size_t>(std::count_if(fields_.begin(), fields_.end(), [name](const Header& field) {
        return equals_ignoring_case(field.name, name);
    }));
}

const std::string* Request::find_query(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return &value;
    return nullptr;
}

std::string_view status_text(int status) {
    for (const StatusText& entry : kStatusTexts)
        if (entry.status == status) return entry.text;
    return "Unknown";
}

Response json_response(int status, std::string body) {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json");
    response.body = std::move(body);
    response.is_compressible = true;
    return response;
}

Response problem(int status, std::string_view type, std::string_view detail) {
    std::string body;
    {
        JsonObject object(body);
        object.text("type", "urn:runnel:problem:" + std::string(type));
        object.text("title", status_text(status));
        object.number("status", status);
        object.text("detail", detail);
    }
    Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/problem+json");
    response.body = std::move(body);
    return response;
}

// Nothing that a handler puts into a header field may end it early.
void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (const char c : value)
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    out += "\r\n";
}

void append_head(std::string& out, int status, std::initializer_list<const Headers*> fields) {
    out += "HTTP/1.1 " + std::to_string(status) + " ";
    out.append(status_text(status)).append("\r\n");
    for (const Headers* headers : fields)
        for (const Header& field : headers->fields())
            append_field(out, field.name, field.value);
}

}  // namespace runnel::http
