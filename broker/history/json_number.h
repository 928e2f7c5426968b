// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace runnel::history {

// Whether this is a JSON Pointer (RFC 6901): empty, or parts that begin with "/" in which "~" is followed by 0 or 1.
bool is_json_pointer(std::string_view pointer);

// The JSON number that `pointer` names in the JSON text; with an empty pointer the text is the number, with white space
// around it if it likes. Nothing if there is none. Reads no further than it has to, and does not judge what it passes
// over; no allocation, no recursion.
std::optional<double> number_at(std::string_view json, std::string_view pointer);

}  // namespace runnel::history
