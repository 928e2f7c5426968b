// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "test/golden/any_packet.h"

namespace runnel::test {

// Decodes the packet at the front of `bytes`, which may be anything. If it is accepted, it must say the same after it
// was encoded and decoded again, in no more bytes, and a refusal must have a Reason Code of an error and a complaint.
// Returns what is broken of that, or nothing.
std::optional<std::string> broken_promise(const mqtt::Frame& frame, mqtt::ProtocolVersion version);

// The bytes as the decoders want them.
inline std::span<const uint8_t> span_of(std::string_view bytes) {
    return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace runnel::test
