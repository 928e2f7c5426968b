// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace runnel::http {

// What is taken from the other side before it is refused.
struct Limits {
    size_t target_size_max = 8 << 10;    // 414
    size_t headers_size_max = 16 << 10;  // 431
    size_t header_count_max = 100;       // 431
    size_t body_size_max = 1 << 20;      // 413
};

struct Header {
    std::string name;
    std::string value;
};

// Header fields in their order; names are compared without regard to case.
class Headers {
public:
    void add(std::string name, std::string value) { fields_.push_back({std::move(name), std::move(value)}); }
    // The first of that name, or null.
    const std::string* find(std::string_view name) const;
    size_t count(std::string_view name) const;
    const std::vector<Header>& fields() const { return fields_; }
    std::vector<Header>& fields() { return fields_; }

private:
    std::vector<Header> fields_;
};

// Whether a comma-separated header field has this token, without regard to case: "Connection: keep-alive, Upgrade".
bool has_token(std::string_view list, std::string_view token);
bool equals_ignoring_case(std::string_view a, std::string_view b);
// Without the spaces and tabs around it.
std::string_view trimmed(std::string_view text);

struct Request {
    std::string method;                 // "GET"
    std::string target;                 // As it was sent.
    std::vector<std::string> segments;  // Of the path, split at "/" and decoded: "/a/b%2Fc/" is "a", "b/c", "".
    std::vector<std::pair<std::string, std::string>> query;  // Decoded, in order.
    Headers headers;
    std::string body;
    bool is_http_1_0 = false;
    bool keeps_alive = true;

    const std::string* find_query(std::string_view name) const;
};

struct Response {
    int status = 200;
    Headers headers;  // Without those of the framing.
    std::string body;
    bool is_compressible = false;  // Worth gzip, if it is long and the client takes that.
};

Response json_response(int status, std::string body);
// An error as application/problem+json (RFC 9457). `type` is the stable name of the error: "not-found".
Response problem(int status, std::string_view type, std::string_view detail);
std::string_view status_text(int status);
// The status line and these fields; the empty line behind them is the caller's, after the fields of the framing.
void append_head(std::string& out, int status, std::initializer_list<const Headers*> fields);
void append_field(std::string& out, std::string_view name, std::string_view value);

}  // namespace runnel::http
