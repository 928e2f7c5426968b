// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/types.h"

namespace runnel::mqtt {

const char* name_of(PacketType type) {
    static constexpr const char* kNames[] = {"RESERVED", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
                                             "PUBREL",   "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
                                             "PINGREQ",  "PINGRESP", "DISCONNECT", "AUTH"};
    return kNames[static_cast<uint8_t>(type) & 0x0F];
}

}  // namespace runnel::mqtt
