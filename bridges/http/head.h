// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "bridges/http/message.h"

namespace runnel::http {

// Why a request is refused.
struct Fault {
    int status = 400;
    std::string_view type;
    std::string_view detail;
};

// What is wrong with the lines of a head, which ends with an empty line: stricter than a parser has to be, since what
// two parsers read in two ways is how requests are smuggled. Lines end with CR LF and hold no other CR, LF or NUL; no
// header field is continued on a second line (RFC 9112 section 5.2) or has a blank before its colon (section 5.1).
std::optional<Fault> find_fault_in_lines(std::string_view head, const Limits& limits);

// What is wrong with the fields taken together: the length of the body must be said in one way only (section 6.3), and
// the host once (section 3.2).
std::optional<Fault> find_fault_in_fields(const Request& request, const Limits& limits);

}  // namespace runnel::http
