// SPDX-License-Identifier: Apache-2.0
// The records of one run that make QoS 2 exact across shards. The Packet Identifier of a PUBLISH is stored by the shard
// of its publisher, so that a repetition is not routed again; but the deliveries may be another shard's to store. So
// the first keeps the message with the identifier, in one batch, until all others have said that they have it; and each
// of those writes down, in the batch with the deliveries, up to which turn it has what the first one sent. After a
// crash the one record tells what may be missing and the other what is not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/session/stored_session.h"
#include "broker/shard/placement.h"
#include "broker/shard/receipts.h"

namespace runnel::shard {

struct OutboxKey {
    PeerIndex sender = 0;
    TurnNumber turn = 0;
    uint32_t number = 0;  // Within the turn.
};

// What was sent to other shards: to all that want the topic, or, with a share name, to the shard of one member, or by
// that one back to the owner of the group.
struct OutboxRecord {
    std::string share_name;
    std::string filter;  // Of the group.
    PeerIndex receiver = 0;
    mqtt::MessageRef message;
    bool is_for_group() const { return !filter.empty(); }
};

std::string encode(const OutboxKey& key);
std::optional<OutboxKey> decode_outbox_key(std::string_view name);  // Without the letter of the kind.
std::string encode(const OutboxRecord& record, session::WallClock clock);
std::optional<OutboxRecord> decode_outbox_record(std::string_view record, session::WallClock clock);

struct Watermark {
    PeerIndex receiver = 0;
    PeerIndex sender = 0;
    TurnNumber turn = 0;
};
std::string watermark_key(PeerIndex receiver, PeerIndex sender);
std::string watermark_record(TurnNumber turn);
std::optional<Watermark> decode_watermark(std::string_view name, std::string_view record);

std::string run_key();
std::string encode_run(const Placement& placement);
std::optional<Placement> decode_run(std::string_view record);

}  // namespace runnel::shard
