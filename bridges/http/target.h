// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridges/http/message.h"

namespace runnel::http {

// Undoes percent-encoding; `plus_is_blank` as in forms and queries. Nothing if a % is not followed by two hexadecimal
// digits, or for %00, which no name of ours may hold.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

// "a=1&b=2", as in queries and forms, decoded and appended to `pairs`. False if it is malformed.
bool read_pairs(std::string_view text, std::vector<std::pair<std::string, std::string>>& pairs);

// For a part of a path or query: all is encoded but letters, digits and "-._~".
std::string percent_encode(std::string_view text);

// Reads request.target into segments and query. False if it is none of the forms that a server takes (RFC 9112 section
// 3.2): an absolute path, an absolute URI, or "*".
bool read_target(Request& request);

}  // namespace runnel::http
