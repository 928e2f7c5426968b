// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace runnel::auth {

// 32 bytes each.
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// Whether the texts are equal, in a time that depends on their sizes only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace runnel::auth
