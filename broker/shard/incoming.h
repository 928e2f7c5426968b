// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/mqtt/application_message.h"
#include "broker/shard/output.h"
#include "broker/shard/peer_messages.h"
#include "broker/shard/sessions.h"

namespace runnel::shard {

// A message on its way through one shard, for the length of one call: views until somebody has to keep it. What was
// encoded for one subscriber serves the next one of the same kind.
struct Incoming {
    mqtt::ApplicationMessage::Fields fields;
    SessionSlot* publisher = nullptr;  // Its Session, if it is on this shard: for No Local.
    bool comes_once = false;           // Nobody sends it again: it is kept until all who have to store it have done so.
    mqtt::MessageRef message;          // Made when first needed.
    Segment at_most_once[2][2];        // The whole QoS 0 packet by [MQTT 5][RETAIN].
    Segment payload;                   // A large payload, for packets whose head differs.

    const mqtt::MessageRef& shared() {
        if (!message) message = mqtt::ApplicationMessage::make(fields);
        return message;
    }
};

inline mqtt::ApplicationMessage::Fields fields_of(const mqtt::ApplicationMessage& message) {
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = message.topic();
    fields.payload = message.payload();
    fields.forwarded_properties = message.forwarded_properties();
    fields.publisher = message.publisher();
    fields.qos = message.qos();
    fields.retain = message.retain();
    if (message.has_expiry()) fields.message_expiry_interval = message.message_expiry_interval();
    fields.received_at = message.received_at();
    fields.history_number = message.history_number();
    return fields;
}

inline Incoming incoming_of(const mqtt::MessageRef& message) {
    Incoming incoming;
    incoming.fields = fields_of(*message);
    incoming.message = message;
    return incoming;
}

}  // namespace runnel::shard
