// SPDX-License-Identifier: Apache-2.0
// Control Packets as one line of text, both ways:
//
//   PUBLISH qos=1 id=10 topic="a/b" payload="21.5" message_expiry_interval=60 user_property="unit"="C"
//
// The fields come in a fixed order and those with their default value are left out, so that two packets are equal
// exactly if their texts are. Texts are quoted; \" \\ and \xHH stand for bytes that cannot be written as they are.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "test/golden/any_packet.h"

namespace runnel::test {

std::string text_of(const AnyPacket& packet, mqtt::ProtocolVersion version);

// Keeps what the views of parsed packets point to.
struct PacketStorage {
    std::deque<std::string> texts;
    std::deque<std::vector<uint32_t>> numbers;
};

// Nothing if the text is not that of a packet; then `complaint` says why.
std::optional<AnyPacket> packet_of(std::string_view text, mqtt::ProtocolVersion version, PacketStorage& storage,
                                   std::string& complaint);

}  // namespace runnel::test
