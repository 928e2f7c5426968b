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
    if (publish.idempotency_key.empty())
        publish_now(number, client, publish);
    else
        publish_once(number, client, publish);
    carry_out_deferred(now);
}

void Shard::publish_now(LocalPublishNumber number, const api::LocalClient& client, const api::LocalPublish& publish) {
    counters_.publish_received.add();
    counters_.publish_bytes_received.add(publish.payload.size());
    if (auto fault = find_local_fault(client, publish)) {
        counters_.dropped_not_authorized.add(fault->reason == ReasonCode::NotAuthorized ? 1 : 0);
        if (may_log(now_))
            log_.info("publish refused", {{"client", client.client_identifier},
                                          {"user", client.identity.user_name},
                                          {"topic", publish.topic},
                                          {"reason", mqtt::name_of(fault->reason)},
                                          {"why", fault->why}});
        return answer_publish(number, std::move(*fault));
    }
    Incoming incoming = incoming_of(publish, now_);
    incoming.fields.publisher = client.client_identifier;
    incoming.comes_once = is_published_once(number);
    if (!store_refusal_.empty() && promises_storage(number, incoming)) {
        counters_.dropped_not_stored.add();
        return answer_publish(number, api::refusal(ReasonCode::QuotaExceeded, store_refusal_));
    }
    route_local(number, incoming);
}

// Whether the answer has to wait for the store. A key is remembered at any rate.
bool Shard::promises_storage(LocalPublishNumber number, const Incoming& incoming) {
    if (!environment_.stores || is_kept_in_memory(incoming.fields.topic)) return false;
    return is_published_once(number) || (incoming.fields.qos != mqtt::QoS::AtMostOnce && has_to_be_stored(incoming));
}

// What PUBLISH is checked for as well (check_publish).
std::optional<api::LocalPublished> Shard::find_local_fault(const api::LocalClient& client,
                                                           const api::LocalPublish& publish) const {
    if (static_cast<uint8_t>(publish.qos) > settings_.max_qos)
        return api::refusal(ReasonCode::QoSNotSupported, "the QoS is above mqtt.max_qos");
    if (publish.retain && !settings_.retain_available)
        return api::refusal(ReasonCode::RetainNotSupported, "Retained Messages are switched off");
    if (!mqtt::is_valid_text(publish.topic) || !mqtt::is_valid_topic_name(publish.topic))
        return api::refusal(ReasonCode::TopicNameInvalid,
                            "a Topic Name is UTF-8 of 1 to 65,535 bytes, without +, # and control characters");
    if (mqtt::level_count(publish.topic) > settings_.max_topic_levels)
        return api::refusal(ReasonCode::TopicNameInvalid, "the Topic Name has too many levels");
    const bool says_utf8 = settings_.check_payload_format && announces_utf8(publish.encoded_properties);
    const auto refusal =
        find_refusal({client.identity, client.client_identifier}, publish.topic, publish.payload, says_utf8);
    if (refusal) return api::refusal(refusal->reason, refusal->why);
    return std::nullopt;
}

// Peers say how many match before they say that all is stored, so one wait is enough.
void Shard::route_local(LocalPublishNumber number, Incoming& incoming) {
    const std::string topic(incoming.fields.topic);
    api::LocalPublished answer;
    if (promises_storage(number, incoming)) answer.durability = name_of(durability_of(topic));
    answer.matched = count_matches(topic);
    const routing::PeerMask asked = fan_out_of(topic).peers;
    for (PeerIndex peer = 0; peer < peer_count(); ++peer)
        if ((asked >> peer & 1) != 0) tell(peer, MatchesAsked{number, topic});
    const uint64_t needs = receipts_.needs();
    if (is_published_once(number) && !answer.durability.empty()) {
        remember_publish(number, answer);
        receipts_.needs_store(durability_of(topic));
    }
    route(incoming);
    receipts_.needs_peers(asked);
    if (receipts_.needs() == needs) return answer_publish(number, std::move(answer));
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

// What it waited for has come.
void Shard::finish_publish(LocalPublishNumber number) {
    auto held = local_publishes_.extract(number);
    RUNNEL_CHECK(!held.empty());
    answer_publish(number, std::move(held.mapped()));
}

void Shard::answer_publish(LocalPublishNumber number, api::LocalPublished answer) {
    if (is_published_once(number)) return settle_key(number, std::move(answer));
    effects_.publish_answers.push_back({number, std::move(answer)});
}

}  // namespace runnel::shard
