// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/head.h"

#include <algorithm>
#include <charconv>

namespace runnel::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_token_character(char c) {
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter_or_digit || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_field_line(std::string_view line) {
    const size_t colon = line.find(':');
    return colon != std::string_view::npos && is_token(line.substr(0, colon));
}

bool has_control_character(std::string_view line) {
    return std::any_of(line.begin(), line.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7F;
    });
}

bool has_bare_line_feed(std::string_view head) {
    for (size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1))
        if (at == 0 || head[at - 1] != '\r') return true;
    return false;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<Fault> find_fault_in_lines(std::string_view head, const Limits& limits) {
    if (has_bare_line_feed(head)) return Fault{400, "malformed", "A line does not end with CR LF."};
    const size_t first_end = head.find(kLineEnd);
    const std::string_view first = head.substr(0, first_end);
    if (has_control_character(first)) return Fault{400, "malformed", "The request line holds a control character."};
    head.remove_prefix(first_end + kLineEnd.size());
    if (head.size() > limits.headers_size_max)
        return Fault{431, "headers-too-large", "The header fields are too large."};
    size_t count = 0;
    while (head != kLineEnd) {
        const std::string_view line = head.substr(0, head.find(kLineEnd));
        if (has_control_character(line) || !is_field_line(line))
            return Fault{400, "malformed", "A header field is malformed."};
        if (++count > limits.header_count_max)
            return Fault{431, "headers-too-large", "There are too many header fields."};
        head.remove_prefix(line.size() + kLineEnd.size());
    }
    return std::nullopt;
}

std::optional<Fault> find_fault_in_fields(const Request& request, const Limits& limits) {
    const Headers& headers = request.headers;
    const std::string* length = headers.find("Content-Length");
    if (const std::string* coding = headers.find("Transfer-Encoding")) {
        if (length != nullptr || request.is_http_1_0 || headers.count("Transfer-Encoding") != 1)
            return Fault{400, "malformed", "The length of the body is said in two ways."};
        if (!equals_ignoring_case(*coding, "chunked"))
            return Fault{501, "transfer-encoding", "Only the transfer coding \"chunked\" is understood."};
    }
    if (length != nullptr) {
        if (headers.count("Content-Length") != 1 || !is_number(*length))
            return Fault{400, "malformed", "Content-Length is not one number."};
        uint64_t size = 0;
        std::from_chars(length->data(), length->data() + length->size(), size);
        if (size > limits.body_size_max) return Fault{413, "body-too-large", "The body is too large."};
    }
    if (headers.count("Host") > 1 || (headers.count("Host") == 0 && !request.is_http_1_0))
        return Fault{400, "malformed", "There must be one Host header field."};
    if (const std::string* expected = headers.find("Expect");
        expected && !equals_ignoring_case(*expected, "100-continue"))
        return Fault{417, "expectation", "Only the expectation 100-continue can be met."};
    return std::nullopt;
}

}  // namespace runnel::http
