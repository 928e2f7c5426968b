// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/outbox.h"

#include "broker/session/record.h"
#include "broker/session/stored_keys.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using session::RecordReader;
using session::RecordWriter;
using session::StoredKind;

namespace {

void append_big_endian(std::string& out, uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(value >> shift));
}

uint64_t take_big_endian(std::string_view& from, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
        value = value << 8 | static_cast<uint8_t>(from[i]);
    from.remove_prefix(bytes);
    return value;
}

constexpr size_t kOutboxKeySize = 4 + 8 + 4;
constexpr size_t kWatermarkKeySize = 4 + 4;

}  // namespace

std::string encode(const OutboxKey& key) {
    std::string name;
    append_big_endian(name, key.sender, 4);
    append_big_endian(name, key.turn, 8);
    append_big_endian(name, key.number, 4);
    return session::stored_key(StoredKind::Outbox, name);
}

std::optional<OutboxKey> decode_outbox_key(std::string_view name) {
    if (name.size() != kOutboxKeySize) return std::nullopt;
    OutboxKey key;
    key.sender = static_cast<PeerIndex>(take_big_endian(name, 4));
    key.turn = take_big_endian(name, 8);
    key.number = static_cast<uint32_t>(take_big_endian(name, 4));
    return key;
}

std::string encode(const OutboxRecord& record, session::WallClock clock) {
    std::string out;
    RecordWriter writer(out);
    writer.byte(session::kRecordVersion);
    writer.text(record.share_name);
    writer.text(record.filter);
    writer.number(record.receiver);
    encode_message(*record.message, clock, out);
    return out;
}

std::optional<OutboxRecord> decode_outbox_record(std::string_view record, session::WallClock clock) {
    RecordReader reader(record);
    if (reader.byte() != session::kRecordVersion) return std::nullopt;
    OutboxRecord out;
    out.share_name = reader.text();
    out.filter = reader.text();
    out.receiver = static_cast<PeerIndex>(reader.number());
    out.message = session::decode_message(reader, clock);
    if (!out.message) return std::nullopt;
    return out;
}

std::string watermark_key(PeerIndex receiver, PeerIndex sender) {
    std::string name;
    append_big_endian(name, receiver, 4);
    append_big_endian(name, sender, 4);
    return session::stored_key(StoredKind::Watermark, name);
}

std::string watermark_record(TurnNumber turn) {
    std::string out;
    RecordWriter writer(out);
    writer.byte(session::kRecordVersion);
    writer.number(turn);
    return out;
}

std::optional<Watermark> decode_watermark(std::string_view name, std::string_view record) {
    RecordReader reader(record);
    if (name.size() != kWatermarkKeySize || reader.byte() != session::kRecordVersion) return std::nullopt;
    Watermark watermark;
    watermark.receiver = static_cast<PeerIndex>(take_big_endian(name, 4));
    watermark.sender = static_cast<PeerIndex>(take_big_endian(name, 4));
    watermark.turn = reader.number();
    if (reader.failed()) return std::nullopt;
    return watermark;
}

std::string run_key() {
    return session::stored_key(StoredKind::Run, {});
}

std::string encode_run(const Placement& placement) {
    std::string out;
    RecordWriter writer(out);
    writer.byte(session::kRecordVersion);
    writer.number(placement.peer_count);
    writer.number(placement.hash_seed);
    return out;
}

std::optional<Placement> decode_run(std::string_view record) {
    RecordReader reader(record);
    if (reader.byte() != session::kRecordVersion) return std::nullopt;
    Placement placement;
    placement.peer_count = static_cast<uint32_t>(reader.number());
    placement.hash_seed = reader.number();
    if (reader.failed() || placement.peer_count == 0) return std::nullopt;
    return placement;
}

// When other shards were sent it too.
void Shard::keep_until_stored(const Incoming& incoming) {
    if (!incoming.comes_once) return;
    OutboxRecord record;
    record.message = incoming.message ? incoming.message : mqtt::ApplicationMessage::make(incoming.fields);
    keep_until_stored(record);
}

// A message of a group on its way from the owner of the group to the shard of a member, or back.
void Shard::keep_until_stored(const mqtt::MessageRef& message, std::string_view share_name, std::string_view filter,
                              PeerIndex receiver) {
    keep_until_stored(OutboxRecord{std::string(share_name), std::string(filter), receiver, message});
}

void Shard::keep_until_stored(const OutboxRecord& record) {
    if (is_recovering_ || !environment_.stores) return;
    if (durability_of(record.message->topic()) == storage::Durability::Memory) return;
    const std::string key = encode(OutboxKey{self(), receipts_.turn(), static_cast<uint32_t>(receipts_.kept())});
    batch_.put(key, encode(record, environment_.clock));
    receipts_.keep(key);
    receipts_.needs_store();
}

void Shard::write_watermark(PeerIndex sender, TurnNumber turn) {
    if (!environment_.stores) return;
    batch_.put(watermark_key(self(), sender), watermark_record(turn));
    receipts_.needs_store();
}

}  // namespace runnel::shard
