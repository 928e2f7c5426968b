// SPDX-License-Identifier: Apache-2.0
// How Sessions and Wills end (sections 3.1.2.5, 3.1.2.11.2 and 4.1).
#include "broker/shard/shard.h"

namespace runnel::shard {

// Parts a connection from its Session: what happens next depends on the Will and on the Session Expiry Interval.
void Shard::detach(Connection& connection, Ending ending, Time now) {
    if (connection.pending_subscribe) abandon_subscribe(connection);
    SessionSlot* slot = std::exchange(connection.session, nullptr);
    if (slot == nullptr) return;
    slot->connection = nullptr;
    slot->disconnected_at = now;
    counters_.connections.subtract();
    counters_.queued_messages.subtract(connection.at_most_once.size());
    counters_.queued_bytes.subtract(connection.at_most_once.bytes());
    if (ending == Ending::WithoutWill) slot->session.will.reset();
    log_.debug("disconnected", {{"client", slot->session.client_identifier}, {"address", connection.address.text}});

    if (slot->session.ends_with_connection()) return end_session(*slot, now);
    member_changed(*slot, false);
    if (!slot->session.shared.empty()) return_queued(*slot);
    set_expiry_timer(*slot, now);
    note_session(*slot);
    if (!slot->session.will) return;
    const uint32_t delay = slot->session.will->delay_interval;
    if (delay == 0) return publish_will(*slot, now);
    if (delay < slot->session.expiry_interval)  // Else the end of the Session publishes it.
        slot->will_timer =
            timers_.set(now + Duration::seconds(delay), static_cast<uint8_t>(Timer::WillDelay), slot->number);
}

void Shard::set_expiry_timer(SessionSlot& slot, Time now) {
    timers_.cancel(slot.expiry_timer);
    if (slot.session.expiry_interval == mqtt::kSessionExpiryNever) return;
    slot.expiry_timer = timers_.set(now + Duration::seconds(slot.session.expiry_interval),
                                    static_cast<uint8_t>(Timer::SessionExpiry), slot.number);
}

bool Shard::end_client(std::string_view client_identifier, bool ends_session, Time now) {
    now_ = now;
    SessionSlot* slot = sessions_.find(client_identifier);
    if (slot == nullptr) return false;
    log_.info("disconnected by an operator",
              {{"client", client_identifier}, {"session", ends_session ? "ended" : "kept"}});
    if (slot->connection != nullptr) {
        disconnect(*slot->connection, mqtt::ReasonCode::AdministrativeAction, "disconnected by an operator", now);
        slot = sessions_.find(client_identifier);  // It may have ended with its connection.
    }
    if (slot != nullptr && ends_session) end_session(*slot, now);
    carry_out_deferred(now);
    return true;
}

// Nobody is connected to it. A Will that was waiting is published now [MQTT-3.1.2-8].
void Shard::end_session(SessionSlot& slot, Time now) {
    RUNNEL_CHECK(slot.connection == nullptr);
    timers_.cancel(slot.expiry_timer);
    timers_.cancel(slot.will_timer);
    size_t gone = 0;
    subscriptions_.unsubscribe_all(slot.number, [&](std::string_view filter) {
        erase_subscription(slot, filter);
        end_interest(filter, slot.session.stored != nullptr);
        ++gone;
    });
    counters_.subscriptions.subtract(gone);
    if (gone != 0) routes_changed();
    for (const session::SharedMembership& membership : slot.session.shared)
        tell_left(slot, membership, 0);
    counters_.shared_subscriptions.subtract(slot.session.shared.size());
    return_all(slot);
    erase_session(slot);
    read_ended_queue();
    if (slot.session.will) publish_will(slot, now);
    counters_.sessions.subtract();
    sessions_.erase(slot);
}

void Shard::publish_will(SessionSlot& slot, Time now) {
    timers_.cancel(slot.will_timer);
    const std::unique_ptr<session::Will> will =
        std::move(slot.session.will);  // Published at most once [MQTT-3.1.2-10].
    note_session(slot);
    if (!environment_.access->may_publish(subject_of(slot), will->topic)) {
        counters_.dropped_not_authorized.add();
        return;
    }
    counters_.wills_published.add();
    // A copy: routing may end the Session that lends its name.
    const std::string publisher = slot.session.client_identifier;
    Incoming incoming;
    incoming.fields.topic = will->topic;
    incoming.fields.payload = will->payload;
    incoming.fields.forwarded_properties = will->forwarded_properties;
    incoming.fields.publisher = publisher;
    incoming.fields.qos = will->qos;
    incoming.fields.retain = will->retain;
    if (will->has_expiry) incoming.fields.message_expiry_interval = will->message_expiry_interval;
    incoming.fields.received_at = now;
    incoming.publisher = &slot;
    incoming.comes_once = will->qos != mqtt::QoS::AtMostOnce;
    route(incoming);
}

}  // namespace runnel::shard
