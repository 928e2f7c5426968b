// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE (sections 3.8 and 3.10). A SUBSCRIBE takes effect in one moment, when every peer is known
// to forward what matches: then come the subscription, SUBACK and the Retained Messages, with no gap and no repeat.
// Until then the packets behind it wait.
#include "broker/mqtt/encoder.h"
#include "broker/mqtt/topic.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::PropertyId;
using mqtt::ReasonCode;

namespace {

bool is_granted(ReasonCode reason) {
    return !mqtt::is_error(reason);
}

void read_again(const std::string& packet, mqtt::ProtocolVersion version, const mqtt::DecodeLimits& limits,
                mqtt::Subscribe& subscribe) {
    mqtt::Frame frame;
    mqtt::read_frame({reinterpret_cast<const uint8_t*>(packet.data()), packet.size()}, mqtt::kPacketSizeMax, frame);
    RUNNEL_CHECK(!mqtt::decode_subscribe(frame, version, limits, subscribe));  // It was decoded before.
}

}  // namespace

void Shard::handle_subscribe(Connection& connection, const mqtt::Frame& frame, Time now) {
    mqtt::Subscribe subscribe;
    const mqtt::DecodeLimits limits{settings_.max_user_properties};
    if (refuse(connection, mqtt::decode_subscribe(frame, connection.version, limits, subscribe), now)) return;
    std::vector<ReasonCode> reasons;
    for (const mqtt::SubscriptionRequest& request : subscribe.requests)
        reasons.push_back(check_filter(connection, request));
    refuse_replay(connection, subscribe, reasons);
    const ReceiptId receipt = new_receipt(connection.id);
    const uint32_t outstanding = begin_subscribe(*connection.session, subscribe, reasons, receipt);
    if (outstanding == 0) {
        questions_.erase(receipt);
        return carry_out_subscribe(connection, subscribe, reasons, now);
    }
    std::string packet(frame.body.data() + frame.body.size() - frame.size, frame.size);
    connection.pending_subscribe = std::make_unique<PendingSubscribe>(
        PendingSubscribe{std::move(packet), std::move(reasons), {}, receipt, outstanding});
    stall(connection);
}

// What is asked for cannot be replayed: then there is no subscription either, for its client counts on both.
void Shard::refuse_replay(const Connection& connection, const mqtt::Subscribe& subscribe,
                          std::vector<ReasonCode>& reasons) {
    const ReplayRequest request = replay_request(subscribe.properties, environment_.clock.wall_ms(now_));
    const bool is_too_much =
        request.since_ms && connection.replays && connection.replays->waiting.size() >= Replays::kMax;
    if (request.fault == nullptr && !is_too_much) return;
    for (ReasonCode& reason : reasons)
        if (is_granted(reason))
            reason = is_too_much ? ReasonCode::QuotaExceeded : ReasonCode::ImplementationSpecificError;
}

// The granted QoS, or why not.
ReasonCode Shard::check_filter(const Connection& connection, const mqtt::SubscriptionRequest& request) {
    const auto parsed = mqtt::parse_filter(request.filter);
    if (!parsed || mqtt::level_count(parsed->filter) > settings_.max_topic_levels)
        return ReasonCode::TopicFilterInvalid;
    if (parsed->is_shared() && !settings_.shared_subscription_available)
        return ReasonCode::SharedSubscriptionsNotSupported;
    if (!settings_.wildcard_subscription_available && mqtt::has_wildcard(parsed->filter))
        return ReasonCode::WildcardSubscriptionsNotSupported;
    const SessionSlot& slot = *connection.session;
    if (!environment_.access->may_subscribe(subject_of(slot), parsed->filter)) {
        if (may_log(now_))
            log_.info("subscribe refused", {{"client", slot.session.client_identifier},
                                            {"user", slot.identity.user_name},
                                            {"filter", request.filter}});
        return ReasonCode::NotAuthorized;
    }
    const size_t held = subscriptions_.count_of(slot.number) + slot.session.shared.size();
    if (settings_.max_subscriptions_per_session != 0 && held >= settings_.max_subscriptions_per_session)
        return ReasonCode::QuotaExceeded;
    return static_cast<ReasonCode>(std::min(static_cast<uint8_t>(request.options.qos), settings_.max_qos));
}

// Makes sure that what will match reaches this shard. Returns how many confirmations have to come first.
uint32_t Shard::begin_subscribe(SessionSlot& slot, const mqtt::Subscribe& subscribe,
                                const std::vector<ReasonCode>& reasons, ReceiptId receipt) {
    const uint32_t identifier = subscribe.properties.number_or(PropertyId::SubscriptionIdentifier, 0);
    uint32_t outstanding = 0;
    for (size_t i = 0; i < reasons.size(); ++i) {
        if (!is_granted(reasons[i])) continue;
        const mqtt::ParsedFilter filter = *mqtt::parse_filter(subscribe.requests[i].filter);
        if (filter.is_shared()) {
            mqtt::SubscriptionOptions options = subscribe.requests[i].options;
            options.qos = static_cast<mqtt::QoS>(reasons[i]);
            outstanding += join_shared(slot, filter, options, identifier, receipt);
        } else {
            outstanding += begin_interest(filter.filter, slot.session.stored != nullptr, receipt);
        }
    }
    return outstanding;
}

void Shard::carry_out_subscribe(Connection& connection, const mqtt::Subscribe& subscribe,
                                const std::vector<ReasonCode>& reasons, Time now) {
    SessionSlot& slot = *connection.session;
    const uint32_t identifier = subscribe.properties.number_or(PropertyId::SubscriptionIdentifier, 0);
    std::vector<bool> sends_retained(reasons.size());
    for (size_t i = 0; i < reasons.size(); ++i) {
        if (!is_granted(reasons[i])) continue;
        const mqtt::ParsedFilter filter = *mqtt::parse_filter(subscribe.requests[i].filter);
        if (filter.is_shared()) continue;  // Joined already; gets no Retained Messages (section 4.8.2).
        mqtt::SubscriptionOptions options = subscribe.requests[i].options;
        options.qos = static_cast<mqtt::QoS>(reasons[i]);
        const auto added = subscriptions_.subscribe(filter.filter, slot.number, options, identifier);
        store_subscription(slot, filter.filter, options, identifier);
        const bool is_new = added == routing::SubscriptionTree::Added::New;
        if (is_new)
            counters_.subscriptions.add();
        else
            end_interest(filter.filter, slot.session.stored != nullptr);  // It counts once.
        sends_retained[i] = options.retain_handling == mqtt::RetainHandling::SendAlways ||
                            (options.retain_handling == mqtt::RetainHandling::SendIfNew && is_new);
    }
    routes_changed();
    mqtt::SubscriptionAck ack;
    ack.packet_identifier = subscribe.packet_identifier;
    ack.reasons = reasons;
    ReplayRequest replay = replay_request(subscribe.properties, environment_.clock.wall_ms(now));
    connection.names_history |= replay.wants_ids;
    if (replay.fault != nullptr && connection.problem_information)
        ack.properties.set(PropertyId::ReasonString, replay.fault);
    mqtt::encode(ack, connection.version, scratch_);
    if (scratch_.size() > connection.packet_size_max) {  // [MQTT-3.9.2-1]
        scratch_.clear();
        ack.properties = {};
        mqtt::encode(ack, connection.version, scratch_);
    }
    if (replay.since_ms && replay.fault == nullptr) add_replay(connection, subscribe, reasons, std::move(replay));
    send_or_hold(connection, slot.session.stored != nullptr);
    for (size_t i = 0; i < reasons.size(); ++i) {
        if (!sends_retained[i]) continue;
        mqtt::SubscriptionOptions options = subscribe.requests[i].options;
        options.qos = static_cast<mqtt::QoS>(reasons[i]);
        send_retained(slot, subscribe.requests[i].filter, options, identifier, now);
    }
}

void Shard::subscribe_confirmed(Connection& connection, Time now) {
    const std::unique_ptr<PendingSubscribe> pending = std::move(connection.pending_subscribe);
    if (pending->unsuback.empty()) {
        mqtt::Subscribe subscribe;
        read_again(pending->packet, connection.version, {settings_.max_user_properties}, subscribe);
        carry_out_subscribe(connection, subscribe, pending->reasons, now);
    } else {
        scratch_ = std::move(pending->unsuback);
        send_or_hold(connection, connection.session->session.stored != nullptr);
    }
    go_on(connection, now);
}

// The connection went before its SUBSCRIBE took effect.
void Shard::abandon_subscribe(Connection& connection) {
    const std::unique_ptr<PendingSubscribe> pending = std::move(connection.pending_subscribe);
    questions_.erase(pending->receipt);
    if (!pending->unsuback.empty()) return;
    mqtt::Subscribe subscribe;
    read_again(pending->packet, connection.version, {settings_.max_user_properties}, subscribe);
    for (size_t i = 0; i < pending->reasons.size(); ++i) {
        if (!is_granted(pending->reasons[i])) continue;
        const mqtt::ParsedFilter filter = *mqtt::parse_filter(subscribe.requests[i].filter);
        if (!filter.is_shared()) end_interest(filter.filter, connection.session->session.stored != nullptr);
    }
}

// Retained Messages of a subscription that was just made: with RETAIN 1 (section 3.3.1.3).
void Shard::send_retained(SessionSlot& slot, std::string_view filter, const mqtt::SubscriptionOptions& options,
                          uint32_t subscription_identifier, Time now) {
    const session::SubscriptionIdentifiers identifiers(subscription_identifier);
    const bool checks = environment_.access->checks_delivery();
    is_sending_retained_ = true;
    retained_.match(filter, now, [&](const mqtt::MessageRef& message) {
        if (checks && !environment_.access->may_receive(subject_of(slot), message->topic())) return;
        if (options.no_local && message->publisher() == slot.session.client_identifier) return;  // [MQTT-3.8.3-3]
        Incoming incoming = incoming_of(message);
        deliver(slot, incoming, identifiers, std::min(options.qos, message->qos()), true, {});
    });
    is_sending_retained_ = false;
}

void Shard::handle_unsubscribe(Connection& connection, const mqtt::Frame& frame, Time now) {
    mqtt::Unsubscribe packet;
    const mqtt::DecodeLimits limits{settings_.max_user_properties};
    if (refuse(connection, mqtt::decode_unsubscribe(frame, connection.version, limits, packet), now)) return;
    mqtt::SubscriptionAck ack;
    ack.type = mqtt::PacketType::Unsuback;
    ack.packet_identifier = packet.packet_identifier;
    const ReceiptId receipt = new_receipt(connection.id);
    uint32_t outstanding = 0;
    for (const std::string_view filter : packet.filters)
        ack.reasons.push_back(unsubscribe(*connection.session, filter, receipt, outstanding));
    routes_changed();
    mqtt::encode(ack, connection.version, scratch_);
    if (outstanding == 0) {
        questions_.erase(receipt);
        return send_or_hold(connection, connection.session->session.stored != nullptr);
    }
    connection.pending_subscribe =
        std::make_unique<PendingSubscribe>(PendingSubscribe{{}, {}, std::exchange(scratch_, {}), receipt, outstanding});
    stall(connection);
}

ReasonCode Shard::unsubscribe(SessionSlot& slot, std::string_view filter, ReceiptId receipt, uint32_t& outstanding) {
    const auto parsed = mqtt::parse_filter(filter);
    if (!parsed) return ReasonCode::TopicFilterInvalid;
    if (parsed->is_shared())
        return leave_shared(slot, *parsed, receipt, outstanding) ? ReasonCode::Success
                                                                 : ReasonCode::NoSubscriptionExisted;
    if (!subscriptions_.unsubscribe(parsed->filter, slot.number)) return ReasonCode::NoSubscriptionExisted;
    erase_subscription(slot, parsed->filter);
    counters_.subscriptions.subtract();
    end_interest(parsed->filter, slot.session.stored != nullptr);
    return ReasonCode::Success;
}

}  // namespace runnel::shard
