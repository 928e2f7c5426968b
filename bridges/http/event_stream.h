// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bridges/http/event_cursor.h"
#include "bridges/http/message.h"
#include "broker/api/byte_filter.h"
#include "broker/mqtt/decoder.h"

namespace runnel::http {

enum class EventFormat : uint8_t {
    Events,  // Server-Sent Events, without end.
    Lines,   // NDJSON, without end.
    Array    // One JSON array with what comes first, for a client that asks again and again.
};

// What a client wants to follow.
struct EventRequest {
    std::vector<std::string> filters;
    EventFormat format = EventFormat::Events;
    std::string replay_since;  // Empty: live messages, and Retained Messages first.
    uint64_t count_max = 0;    // Ends after so many messages; 0 = no limit.
    uint16_t timeout = 0;      // Seconds, after which it ends; 0 = never.
    EventCursor cursor{0};
    Headers answer_fields;  // Besides those of the format.
};

// The answer of GET /v1/subscribe: an MQTT client that subscribes at QoS 0 and shows each message as JSON. What a slow
// reader misses is in the history, and comes again by the cursor, which is the id of each message that is kept.
class EventStream final : public api::ByteFilter {
public:
    explicit EventStream(EventRequest request) : request_(std::move(request)) {}

    bool received(std::string_view bytes, std::string& inside, std::string& outside) override;
    void wrap(std::span<const std::string_view> inside, std::string& outside) override;
    bool is_finished() const override { return finished_; }
    void show_life(std::string& outside) override;
    void close(std::string& outside) override;

private:
    void open(std::string& inside) const;
    void take(const mqtt::Frame& frame, std::string& outside);
    void subscribed(const mqtt::Frame& frame, std::string& outside);
    void show(const mqtt::Frame& frame, std::string& outside);
    void refuse(mqtt::ReasonCode reason, std::string& outside);
    void finish(std::string& outside);

    EventRequest request_;
    std::string packets_;  // Of the broker, as far as they have come.
    std::string array_;
    uint64_t count_ = 0;
    bool opened_ = false;
    bool head_written_ = false;
    bool finished_ = false;
};

}  // namespace runnel::http
