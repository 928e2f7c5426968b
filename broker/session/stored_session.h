// SPDX-License-Identifier: Apache-2.0
// The stored records of a Session, as values and as bytes. Times are of the wall clock, in milliseconds since 1970, so
// that what runs out goes on running out while the broker is down. Every record begins with the version of its format.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/session/session.h"

namespace runnel::session {

constexpr uint8_t kRecordVersion = 1;

// What turns a moment of the monotonic clock into one of the wall clock.
struct WallClock {
    int64_t offset_ms = 0;
    int64_t wall_ms(Time time) const { return time.ms + offset_ms; }
    Time time(int64_t wall_ms) const { return {wall_ms - offset_ms}; }
};

struct StoredSession {
    std::string user_name;
    bool anonymous = true;
    uint32_t expiry_interval = 0;
    std::optional<int64_t> disconnected_at_ms;  // Nothing while the client is connected.
    std::optional<Will> will;
    std::vector<SharedMembership> shared;
};

struct StoredSubscription {
    mqtt::SubscriptionOptions options;
    uint32_t subscription_identifier = 0;
    uint64_t order = 0;  // Among the subscriptions of the Session.
};

// Which of the stored deliveries are alive, and as what.
struct StoredWindow {
    struct Entry {
        uint64_t number = 0;  // 0: the message is not needed any more, only the Packet Identifier.
        mqtt::PacketIdentifier packet_identifier = 0;
        OutboundWindow::State state = OutboundWindow::State::Free;
    };
    uint64_t queue_first = 0;  // From this number on everything waits that is not in `taken`.
    std::vector<Entry> window;
    std::vector<uint64_t> taken;
    std::vector<mqtt::PacketIdentifier> received;  // QoS 2 whose PUBREL has not come.
};

void encode(const StoredSession& session, std::string& out);
void encode(const StoredSubscription& subscription, std::string& out);
void encode(const StoredWindow& window, std::string& out);
void encode_delivery(const Delivery& delivery, WallClock clock, std::string& out);
void encode_message(const mqtt::ApplicationMessage& message, WallClock clock, std::string& out);

// Nothing if the bytes are no such record of a version that is known.
std::optional<StoredSession> decode_session(std::string_view record);
std::optional<StoredSubscription> decode_subscription(std::string_view record);
std::optional<StoredWindow> decode_window(std::string_view record);
// What came in one turn. The sizes (ApplicationMessage::memory_size()) are in front, so that whoever needs no more than
// that need not read on: format version, count, for each message its size without what every message has, deliveries.
struct StoredSegment {
    std::vector<uint64_t> sizes;
    std::string_view deliveries;  // decode_delivery, as many as there are sizes.
};
void encode_segment(std::span<const uint64_t> sizes, std::string_view deliveries, std::string& out);
std::optional<StoredSegment> decode_segment(std::string_view record);
// One after another, without version: the segment has it. origin.peer and origin.group are not stored.
class RecordReader;
std::optional<Delivery> decode_delivery(RecordReader& reader, WallClock clock);
mqtt::MessageRef decode_message(RecordReader& reader, WallClock clock);

}  // namespace runnel::session
