// SPDX-License-Identifier: Apache-2.0
// Publishes without a Network Connection: of the broker itself, and of clients of bridges, which are answered.
#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::ReasonCode;

namespace {

Incoming incoming_of(const api::LocalPublish& publish, Time now) {
    Incoming incoming;
    incoming.fields.topic = publish.topic;
    incoming.fields.payload = publish.payload;
    incoming.fields.forwarded_properties = publish.encoded_properties;
    incoming.fields.qos = publish.qos;
    incoming.fields.retain = publish.retain;
    incoming.fields.message_expiry_interval = publish.message_expiry_interval;
    incoming.fields.received_at = now;
    return incoming;
}

bool announces_utf8(std::string_view encoded_properties) {
    while (const auto property = mqtt::take_property(encoded_properties))
        if (property->id == mqtt::PropertyId::PayloadFormatIndicator) return property->number == 1;
    return false;
}

std::string_view name_of(storage::Durability durability) {
    switch (durability) {
        case storage::Durability::Memory: return {};
        case storage::Durability::Written: return "written";
        case storage::Durability::Synced: return "synced";
    }
    return {};
}

}  // namespace

void Shard::publish_locally(const api::LocalPublish& publish, Time now) {
    now_ = now;
    Incoming incoming = incoming_of(publish, now);
    route(incoming);
    carry_out_deferred(now);
}

void Shard::publish_for(LocalPublishNumber number, const api::LocalClient& client, const api::LocalPublish& publish,
                        Time now) {
    now_ = now;
    counters_.publish_received.add();
    counters_.publish_bytes_received.add(publish.payload.size());
    if (auto fault = find_local_fault(client, publish)) {
        counters_.dropped_not_authorized.add(fault->reason == ReasonCode::NotAuthorized ? 1 : 0);
        if (may_log(now))
            log_.info("publish refused", {{"client", client.client_identifier},
                                          {"user", client.identity.user_name},
                                          {"topic", publish.topic},
                                          {"reason", mqtt::name_of(fault->reason)},
                                          {"why", fault->why}});
        effects_.publish_answers.push_back({number, std::move(*fault)});
        return;
    }
    Incoming incoming = incoming_of(publish, now);
    incoming.fields.publisher = client.client_identifier;
    if (!store_refusal_.empty() && publish.qos != mqtt::QoS::AtMostOnce && has_to_be_stored(incoming)) {
        counters_.dropped_not_stored.add();
        effects_.publish_answers.push_back({number, {ReasonCode::QuotaExceeded, store_refusal_, 0, {}}});
        return;
    }
    route_local(number, incoming);
    carry_out_deferred(now);
}

// What PUBLISH is checked for as well (check_publish).
std::optional<api::LocalPublished> Shard::find_local_fault(const api::LocalClient& client,
                                                           const api::LocalPublish& publish) const {
    const auto fault = [](ReasonCode reason, const char* why) { return api::LocalPublished{reason, why, 0, {}}; };
    if (static_cast<uint8_t>(publish.qos) > settings_.max_qos)
        return fault(ReasonCode::QoSNotSupported, "the QoS is above mqtt.max_qos");
    if (publish.retain && !settings_.retain_available)
        return fault(ReasonCode::RetainNotSupported, "Retained Messages are switched off");
    if (!mqtt::is_valid_text(publish.topic) || !mqtt::is_valid_topic_name(publish.topic))
        return fault(ReasonCode::TopicNameInvalid,
                     "a Topic Name is UTF-8 of 1 to 65,535 bytes, without +, # and control characters");
    if (mqtt::level_count(publish.topic) > settings_.max_topic_levels)
        return fault(ReasonCode::TopicNameInvalid, "the Topic Name has too many levels");
    const bool says_utf8 = settings_.check_payload_format && announces_utf8(publish.encoded_properties);
    const auto refusal =
        find_refusal({client.identity, client.client_identifier}, publish.topic, publish.payload, says_utf8);
    if (refusal) return fault(refusal->reason, refusal->why);
    return std::nullopt;
}

// Peers say how many match before they say that all is stored, so one wait is enough.
void Shard::route_local(LocalPublishNumber number, Incoming& incoming) {
    const std::string topic(incoming.fields.topic);
    const bool promises = incoming.fields.qos != mqtt::QoS::AtMostOnce;
    api::LocalPublished answer;
    if (promises && environment_.stores && has_to_be_stored(incoming))
        answer.durability = name_of(durability_of(topic));
    answer.matched = count_matches(topic);
    const routing::PeerMask asked = fan_out_of(topic).peers;
    for (PeerIndex peer = 0; peer < peer_count(); ++peer)
        if ((asked >> peer & 1) != 0) tell(peer, MatchesAsked{number, topic});
    const uint64_t needs = receipts_.needs();
    route(incoming);
    receipts_.needs_peers(asked);
    if (receipts_.needs() == needs) {
        effects_.publish_answers.push_back({number, std::move(answer)});
        return;
    }
    receipts_.hold_publish(number);
    local_publishes_.emplace(number, std::move(answer));
}

uint64_t Shard::count_matches(std::string_view topic) {
    const FanOut& fan_out = fan_out_of(topic);
    return fan_out.targets.size() + fan_out.groups.size();
}

void Shard::receive(PeerIndex from, MatchesAsked& message, Time) {
    tell(from, MatchesAnswered{message.publish, count_matches(message.topic)});
}

void Shard::receive(PeerIndex, MatchesAnswered& message, Time) {
    if (const auto at = local_publishes_.find(message.publish); at != local_publishes_.end())
        at->second.matched += message.count;
}

void Shard::answer_publish(LocalPublishNumber number) {
    auto held = local_publishes_.extract(number);
    RUNNEL_CHECK(!held.empty());
    effects_.publish_answers.push_back({number, std::move(held.mapped())});
}

}  // namespace runnel::shard
