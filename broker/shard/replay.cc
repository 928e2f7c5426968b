// SPDX-License-Identifier: Apache-2.0
// What was kept: as a message enters the broker, and to subscriptions that ask for it.
#include "broker/shard/replay.h"

#include <algorithm>
#include <charconv>

#include "broker/base/date_time.h"
#include "broker/mqtt/properties.h"
#include "broker/mqtt/topic.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::QoS;

namespace {

constexpr size_t kSeenMax = 256;  // More than there are event loops.

template <class Number>
bool take_number(std::string_view& text, Number& number) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc()) return false;
    text.remove_prefix(static_cast<size_t>(read.ptr - text.data()));
    return true;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

bool read_cursor(std::string_view text, ReplayRequest& request) {
    int64_t since_ms = 0;
    if (!take(text, 'c') || !take_number(text, since_ms)) return false;
    while (!text.empty()) {
        history::WriterNumber writer = 0;
        api::HistoryId id;
        const bool is_name = take(text, ',') && take_number(text, writer) && take(text, ':') &&
                             take_number(text, id.time_ms) && take(text, '-') && take_number(text, id.number);
        if (!is_name || history::writer_of(id) != writer || request.seen.size() == kSeenMax) return false;
        request.seen.push_back(id);
    }
    request.since_ms = since_ms;
    return true;
}

}  // namespace

std::string history_name(api::HistoryId id) {
    return std::to_string(history::writer_of(id)) + ":" + std::to_string(id.time_ms) + "-" + std::to_string(id.number);
}

ReplayRequest replay_request(const mqtt::Properties& properties, int64_t wall_now_ms) {
    ReplayRequest request;
    size_t count = 0;
    properties.for_each_user_property([&](std::string_view name, std::string_view value) {
        if (name == kHistoryIds) request.wants_ids = value == "true";
        if (name != kReplaySince) return;
        ++count;
        if (read_cursor(value, request)) return;
        request.seen.clear();
        if (const auto duration_ms = parse_duration(value))
            request.since_ms = wall_now_ms - *duration_ms;
        else
            request.since_ms = parse_date_time(value);
    });
    if (count > 1) request.fault = "replay-since is there twice";
    if (count == 1 && !request.since_ms)
        request.fault = "replay-since is neither a duration nor a time of RFC 3339, nor a cursor";
    return request;
}

// Before anybody is given the message, who may hold it back and ask for it in the history.
void Shard::record_history(const history::Rule& rule, Incoming& incoming) {
    if (!store_refusal_.empty() && incoming.fields.qos == QoS::AtMostOnce) return;  // It would gather in memory.
    const api::HistoryId id = recorder_->record(rule, incoming.fields, incoming.fields.received_at, batch_);
    incoming.fields.history_number = id.number;
    if (incoming.fields.qos != QoS::AtMostOnce) receipts_.needs_store(durability_of(incoming.fields.topic));
}

// The subscription has just taken effect.
void Shard::add_replay(Connection& connection, const mqtt::Subscribe& subscribe,
                       const std::vector<mqtt::ReasonCode>& reasons, ReplayRequest request) {
    if (!recorder_) return;
    Replay replay;
    for (size_t i = 0; i < reasons.size(); ++i) {
        const auto filter = mqtt::parse_filter(subscribe.requests[i].filter);
        if (mqtt::is_error(reasons[i]) || filter->is_shared()) continue;
        mqtt::SubscriptionOptions options = subscribe.requests[i].options;
        options.qos = static_cast<QoS>(reasons[i]);
        replay.subscribed.push_back({std::string(filter->filter), options});
        replay.query.filters.emplace_back(filter->filter);
    }
    if (replay.subscribed.empty()) return;
    replay.number = next_replay_++;
    replay.turn = receipts_.turn();
    replay.subscription_identifier = subscribe.properties.number_or(mqtt::PropertyId::SubscriptionIdentifier, 0);
    replay.own_last = recorder_->last();
    replay.query.from_ms = std::max<int64_t>(*request.since_ms, 0);
    replay.seen = std::move(request.seen);
    replay.query.count_max = 256;
    replay.query.bytes_max = settings_.output_bytes_max;
    receipts_.needs_store();
    receipts_.needs_peers(~routing::PeerMask{0} >> (64 - peer_count()) & ~(routing::PeerMask{1} << self()));
    receipts_.hold(connection.id);
    if (!connection.replays) connection.replays = std::make_unique<Replays>();
    connection.replays->waiting.push_back(std::move(replay));
    // What waits already for this client will reach it live. What of it is paged is not known, and may come twice.
    connection.session->session.queue.for_each_in_memory(
        [&](const session::Delivery& delivery) { note_live(connection, *delivery.message); });
    for (size_t i = 0; i < connection.at_most_once.size(); ++i)
        note_live(connection, *connection.at_most_once[i].message);
}

void Shard::note_live(Connection& connection, const mqtt::ApplicationMessage& message) {
    if (message.history_number() == 0) return;
    const api::HistoryId id{environment_.clock.wall_ms(message.received_at()), message.history_number()};
    for (Replay& replay : connection.replays->waiting)
        if (replay.bounds.empty()) replay.live.insert(id);
}

void Shard::begin_replays(Connection& connection, Time now) {
    for (Replay& replay : connection.replays->waiting)
        if (replay.bounds.empty() && receipts_.is_complete(replay.turn)) bound(replay, now);
    deliver_waiting(connection, now);
}

// What every peer has said since the subscription took effect came behind everything that it had forwarded until then.
void Shard::bound(Replay& replay, Time now) {
    replay.bounds = history_lasts_;
    replay.bounds[self()] = replay.own_last;
    replay.query.to_ms = environment_.clock.wall_ms(now) + 1;
    for (const api::HistoryId last : replay.bounds)
        replay.query.to_ms = std::max(replay.query.to_ms, last.time_ms + 1);
}

// Sends what there is room for. True when nothing of it is left and live messages may go.
bool Shard::replay_is_over(Connection& connection, Time now) {
    std::deque<Replay>& waiting = connection.replays->waiting;
    while (!waiting.empty()) {
        if (waiting.front().bounds.empty() || !replay_page(connection, waiting.front(), now)) return false;
        waiting.pop_front();
    }
    connection.replays.reset();
    return true;
}

bool Shard::replay_page(Connection& connection, Replay& replay, Time now) {
    while (replay.next < replay.page.messages.size()) {
        const bool has_window = connection.in_flight < connection.window_max && connection.to_resend == 0;
        if (!has_window || connection.held_packet || !socket_has_room(connection)) return false;
        const api::HistoryMessage& message = replay.page.messages[replay.next++];
        if (is_for_replay(connection, replay, message)) send_replayed(connection, replay, message, now);
    }
    if (replay.is_reading) return false;
    if (replay.is_read) return true;
    replay.is_reading = true;
    effects_.history_reads.push_back({connection.id, replay.number, replay.query});
    return false;
}

bool Shard::is_for_replay(const Connection& connection, const Replay& replay,
                          const api::HistoryMessage& message) const {
    const history::WriterNumber writer = history::writer_of(message.id);
    const uint32_t peer = writer % history::kWritersPerRun;
    const bool is_of_this_run = writer / history::kWritersPerRun == environment_.run && peer < replay.bounds.size();
    if (is_of_this_run && message.id > replay.bounds[peer]) return false;
    if (replay.live.contains(message.id)) return false;
    const auto is_seen = [&](const api::HistoryId& last) {
        return history::writer_of(last) == writer && message.id <= last;
    };
    if (std::ranges::any_of(replay.seen, is_seen)) return false;
    return environment_.access->may_receive(subject_of(*connection.session), message.topic);
}

// As a live message would be, were it not for the mark: one copy, by all filters of the SUBSCRIBE that still stand.
void Shard::send_replayed(Connection& connection, const Replay& replay, const api::HistoryMessage& message, Time now) {
    SessionSlot& slot = *connection.session;
    session::Delivery delivery;
    bool is_wanted = false;
    for (const Replay::Subscribed& one : replay.subscribed) {
        const bool is_own = one.options.no_local && message.publisher == slot.session.client_identifier;
        if (is_own || !mqtt::matches(one.filter, message.topic) || !subscriptions_.sequence_of(one.filter, slot.number))
            continue;
        is_wanted = true;
        delivery.qos = std::max(delivery.qos, std::min(one.options.qos, message.qos));
        delivery.retain |= one.options.retain_as_published && message.retain;
    }
    if (!is_wanted) return;
    std::string properties = message.forwarded_properties;
    mqtt::append_user_property(properties, kReplayed, format_date_time(message.id.time_ms));
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = message.topic;
    fields.payload = message.payload;
    fields.forwarded_properties = properties;
    fields.publisher = message.publisher;
    fields.qos = message.qos;
    fields.retain = message.retain;
    fields.message_expiry_interval = message.message_expiry_interval;
    fields.received_at = environment_.clock.time(message.id.time_ms);
    if (connection.names_history && delivery.qos == QoS::AtMostOnce) fields.history_number = message.id.number;
    delivery.message = mqtt::ApplicationMessage::make(fields);
    if (replay.subscription_identifier != 0)
        delivery.subscription_identifiers = session::SubscriptionIdentifiers(replay.subscription_identifier);
    if (delivery.message->is_expired(now)) return;  // [MQTT-3.3.2-5]
    if (delivery.qos == QoS::AtMostOnce) return send_at_most_once(connection, delivery, now);
    send_from_window(connection, std::move(delivery), nullptr, now);
}

void Shard::history_read(ConnectionId id, uint64_t number, api::HistoryPage page, Time now) {
    now_ = now;
    Connection* connection = find(id);
    if (connection == nullptr || !connection->is_connected() || !connection->replays) return;
    Replay& replay = connection->replays->waiting.front();
    if (replay.number != number) return;
    replay.is_reading = false;
    if (!page.failure.empty()) {
        log_.error("the history cannot be read", {{"why", page.failure}});
        return disconnect(*connection, mqtt::ReasonCode::UnspecifiedError, "the history cannot be read", now);
    }
    replay.query.after = page.next;
    replay.is_read = !page.next;
    replay.page = std::move(page);
    replay.next = 0;
    deliver_waiting(*connection, now);
    carry_out_deferred(now);
}

}  // namespace runnel::shard
