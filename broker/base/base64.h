// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace runnel {

// RFC 4648 section 4, with padding.
std::string encode_base64(std::string_view bytes);
// Nothing unless `text` is exactly what encode_base64 gives for some bytes: no blanks, no missing padding, no stray
// bits.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace runnel
