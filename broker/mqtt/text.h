// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace runnel::mqtt {

// Whether `text` may be a UTF-8 Encoded String: well-formed, no surrogates, no U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2].
// Fast for ASCII: eight bytes at a time.
bool is_valid_text(std::string_view text);
// The same for a payload whose Payload Format Indicator is 1: well-formed UTF-8; U+0000 is allowed there.
bool is_valid_utf8(std::string_view bytes);

}  // namespace runnel::mqtt
