// SPDX-License-Identifier: Apache-2.0
// The life of a connection on its shard, the bytes that come in and the packets that go out.
#include "broker/mqtt/encoder.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::ReasonCode;

ConnectionId Shard::connection_opened(PeerAddress address, Time now) {
    now_ = now;
    uint32_t slot = static_cast<uint32_t>(connections_.size());
    if (free_connections_.empty()) {
        connections_.emplace_back();
        connections_.back().id.slot = slot;
    } else {
        slot = free_connections_.back();
        free_connections_.pop_back();
    }
    Connection& connection = connections_[slot];
    connection.in_use = true;
    connection.address = std::move(address);
    connection.opened_at = connection.last_packet_at = now;
    connection.timer =
        timers_.set(now + settings_.connect_timeout, static_cast<uint8_t>(Timer::Connection), connection.id.slot);
    ++connection_count_;
    return connection.id;
}

Connection* Shard::find(ConnectionId id) {
    return const_cast<Connection*>(static_cast<const Shard*>(this)->find(id));
}

const Connection* Shard::find(ConnectionId id) const {
    if (id.slot >= connections_.size()) return nullptr;
    const Connection& connection = connections_[id.slot];
    return connection.in_use && connection.id == id ? &connection : nullptr;
}

void Shard::bytes_received(ConnectionId id, std::span<const uint8_t> bytes, Time now) {
    now_ = now;
    Connection* connection = find(id);
    if (connection == nullptr || connection->stage == Connection::Stage::Closing) return;
    counters_.bytes_received.add(bytes.size());
    if (!may_handle_more(*connection) || !connection->input.empty()) {
        connection->input.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (may_handle_more(*connection)) resume_input(*connection, now);
    } else {
        const size_t used = decode_from(*connection, bytes, now);
        if (connection->stage != Connection::Stage::Closing && used < bytes.size())
            connection->input.assign(reinterpret_cast<const char*>(bytes.data()) + used, bytes.size() - used);
    }
    // What a client sends ahead is kept, but not without end.
    if (!may_handle_more(*connection) && connection->input.size() > settings_.connect_packet_size_max)
        set_reading(*connection, false);
    carry_out_deferred(now);
}

// Not while an earlier packet waits for an answer of others, nor while the client does not read what it was answered
// before.
bool Shard::may_handle_more(const Connection& connection) const {
    if (connection.stalled || connection.stage == Connection::Stage::Closing) return false;
    return !connection.socket_full ||
           connection.output_bytes() < 2 * size_t{settings_.output_bytes_max} + settings_.max_packet_size;
}

size_t Shard::unhandled_input(ConnectionId id) const {
    const Connection* connection = find(id);
    return connection == nullptr ? 0 : connection->input.size();
}

// Handles the kept bytes as far as they hold whole packets.
void Shard::resume_input(Connection& connection, Time now) {
    // The buffer is taken out while packets point into it.
    std::string bytes = std::exchange(connection.input, {});
    const size_t used = decode_from(connection, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, now);
    if (connection.stage == Connection::Stage::Closing) return;
    if (used < bytes.size()) {
        if (used > 0) bytes.erase(0, used);
        connection.input = std::move(bytes);
    }
    if (may_handle_more(connection)) set_reading(connection, true);
}

// Returns how many bytes were used: whole packets up to a partial one, a stall or the end of the connection.
size_t Shard::decode_from(Connection& connection, std::span<const uint8_t> bytes, Time now) {
    size_t used = 0;
    while (used < bytes.size() && may_handle_more(connection)) {
        const bool early = connection.stage == Connection::Stage::AwaitingConnect;
        mqtt::Frame frame;
        const auto rest = bytes.subspan(used);
        if (early && rest[0] >> 4 != static_cast<int>(mqtt::PacketType::Connect)) {
            refuse(connection, {ReasonCode::ProtocolError, "the first packet is not CONNECT"}, now);  // [MQTT-3.1.0-1]
            break;
        }
        const uint32_t size_max = early ? settings_.connect_packet_size_max : settings_.max_packet_size;
        const mqtt::FrameState state = mqtt::read_frame(rest, size_max, frame);
        if (state == mqtt::FrameState::Partial) break;
        if (state == mqtt::FrameState::Malformed) {
            refuse(connection, {ReasonCode::MalformedPacket, "the Remaining Length is malformed"}, now);
            break;
        }
        if (state == mqtt::FrameState::TooLarge) {
            refuse(connection, {ReasonCode::PacketTooLarge, "the packet is larger than Maximum Packet Size"}, now);
            break;
        }
        connection.last_packet_at = now;
        counters_.packets_received.add();
        if (log_.wants(LogLevel::Packets)) log_packet(connection, ">", frame);
        used += frame.size;
        if (early)
            handle_connect(connection, frame, {reinterpret_cast<const char*>(rest.data()), rest.size()}, now);
        else
            handle_packet(connection, frame, now);
    }
    return used;
}

void Shard::stall(Connection& connection) {
    connection.stalled = true;
}

void Shard::set_reading(Connection& connection, bool wanted) {
    if (connection.reading == wanted) return;
    connection.reading = wanted;
    effects_.readings.push_back({connection.id, wanted});
}

void Shard::send(Connection& connection, const Segment& segment) {
    if (!connection.output) connection.output = outputs_.take();
    connection.output->append(segment);
    counters_.packets_sent.add();
    if (!connection.dirty) {
        connection.dirty = true;
        writes_.push_back(connection.id);
    }
}

// Whether a packet of this size may be sent to the client [MQTT-3.1.2-24]. If not, it cannot be served: what it asked
// for has been done and it can never learn of it.
bool Shard::client_accepts(Connection& connection, size_t size) {
    if (size <= connection.packet_size_max) return true;
    deferred_.emplace_back(connection.id, ReasonCode::PacketTooLarge);
    return false;
}

void Shard::send_packet(Connection& connection) {
    if (!client_accepts(connection, scratch_.size())) return scratch_.clear();
    if (log_.wants(LogLevel::Packets)) {
        mqtt::Frame frame;
        mqtt::read_frame({reinterpret_cast<const uint8_t*>(scratch_.data()), scratch_.size()}, mqtt::kPacketSizeMax,
                         frame);
        log_packet(connection, "<", frame);
    }
    send(connection, arena_.append(scratch_));
    scratch_.clear();
}

size_t Shard::gather_output(ConnectionId id, std::span<std::string_view> pieces) const {
    const Connection* connection = find(id);
    return connection == nullptr || !connection->output ? 0 : connection->output->gather(pieces);
}

void Shard::output_written(ConnectionId id, size_t size, bool socket_full, Time now) {
    now_ = now;
    Connection* connection = find(id);
    if (connection == nullptr || (!connection->output && !connection->socket_full)) return;
    const bool was_choked = !connection->stalled && !may_handle_more(*connection);
    if (connection->output) connection->output->consume(size);
    counters_.bytes_sent.add(size);
    connection->socket_full = socket_full;
    if (connection->output && connection->output->empty())
        outputs_.give_back(std::move(connection->output));
    else if (connection->output && socket_full)
        connection->output->compact();
    if (!socket_full && connection->is_connected()) deliver_waiting(*connection, now);
    if (was_choked && may_handle_more(*connection)) resume_input(*connection, now);
    carry_out_deferred(now);
}

void Shard::effects_done() {
    effects_.store.reset();
    effects_.hand_overs.clear();
    effects_.closes.clear();
    effects_.questions.clear();
    effects_.readings.clear();
    effects_.reads.clear();
    effects_.history_reads.clear();
    effects_.publish_answers.clear();
    effects_.inbox_answers.clear();
    for (const uint32_t slot : ended_connections_)
        free_connection(connections_[slot]);
    ended_connections_.clear();
}

std::vector<ConnectionId> Shard::take_writes() {
    for (const ConnectionId& id : writes_)
        if (Connection* connection = find(id)) connection->dirty = false;
    return std::exchange(writes_, {});
}

void Shard::free_connection(Connection& connection) {
    timers_.cancel(connection.timer);
    if (connection.output) outputs_.give_back(std::move(connection.output));
    ConnectionId id = connection.id;
    ++id.generation;
    connection = Connection{};
    connection.id = id;
    free_connections_.push_back(id.slot);
    --connection_count_;
}

// Ends the connection's part in everything; the driver sends what is in its output and closes the transport.
void Shard::close(Connection& connection, Ending ending, Time now) {
    if (connection.stage == Connection::Stage::Closing) return;
    end_part(connection, ending, now);
    close_transport(connection);
}

// Ends a connection whose client may rest assured that its Will is never published once it sees the transport closed.
void Shard::close_when_stored(Connection& connection, Time now) {
    end_part(connection, Ending::WithoutWill, now);
    connection.close_turn = receipts_.turn();
    receipts_.needs_store();
    receipts_.hold(connection.id);
}

void Shard::end_part(Connection& connection, Ending ending, Time now) {
    detach(connection, ending, now);
    connection.stage = Connection::Stage::Closing;
    timers_.cancel(connection.timer);
}

void Shard::close_transport(Connection& connection) {
    connection.close_turn = 0;
    effects_.closes.push_back(connection.id);
    ended_connections_.push_back(connection.id.slot);
}

void Shard::connection_lost(ConnectionId id, Time now) {
    now_ = now;
    Connection* connection = find(id);
    if (connection == nullptr) return;
    if (connection->close_turn != 0) return close_transport(*connection);
    close(*connection, Ending::WithWill, now);
    carry_out_deferred(now);
}

// Tells an MQTT 5 client why, where the specification has a packet for it, and closes. The Will is published.
void Shard::disconnect(Connection& connection, ReasonCode reason, std::string_view why, Time now) {
    if (connection.stage == Connection::Stage::Closing) return;
    if (connection.held_packet && connection.held_packet->is_connack) {  // Without it there is nothing to end.
        scratch_ = std::exchange(connection.held_packet->packet, {});
        connection.held_packet.reset();
        send_packet(connection);
    }
    if (connection.is_connected() && connection.version == mqtt::ProtocolVersion::V5) {
        mqtt::Disconnect packet;
        packet.reason = reason;
        if (!why.empty()) packet.properties.set(mqtt::PropertyId::ReasonString, why);
        mqtt::encode(packet, connection.version, scratch_);
        if (scratch_.size() > connection.packet_size_max) {  // [MQTT-3.14.2-3]
            scratch_.clear();
            packet.properties = {};
            mqtt::encode(packet, connection.version, scratch_);
        }
        if (scratch_.size() <= connection.packet_size_max) send_packet(connection);
        scratch_.clear();
    }
    close(connection, Ending::WithWill, now);
}

void Shard::watch_keep_alive(Connection& connection, Time now) {
    timers_.cancel(connection.timer);
    if (connection.keep_alive_ms == 0) return;
    connection.timer = timers_.set(now + Duration{connection.keep_alive_ms}, static_cast<uint8_t>(Timer::Connection),
                                   connection.id.slot);
}

void Shard::connection_timer_fired(Connection& connection, Time now) {
    if (!connection.is_connected()) {
        counters_.connections_refused.add();
        if (may_log(now)) log_.info("no complete CONNECT in time", {{"address", connection.address.text}});
        return close(connection, Ending::WithoutWill, now);
    }
    if (connection.held_packet) connection.last_packet_at = now;  // It is the client that waits for us.
    const Time due = connection.last_packet_at + Duration{connection.keep_alive_ms};
    if (now < due) {
        connection.timer = timers_.set(due, static_cast<uint8_t>(Timer::Connection), connection.id.slot);
        return;
    }
    counters_.keep_alive_timeouts.add();
    if (may_log(now))
        log_.info("Keep Alive passed",
                  {{"client", connection.session->session.client_identifier}, {"address", connection.address.text}});
    disconnect(connection, ReasonCode::KeepAliveTimeout, "no packet for one and a half times Keep Alive", now);
}

// What could not be done while a message was on its way through the lists that it would have changed.
void Shard::carry_out_deferred(Time now) {
    for (size_t i = 0; i < deferred_.size(); ++i) {
        const auto [id, reason] = deferred_[i];
        const bool full = reason == ReasonCode::QuotaExceeded;
        if (Connection* connection = find(id))
            disconnect(*connection, reason,
                       full ? "the queue of the Session is full" : "an answer is larger than Maximum Packet Size", now);
    }
    deferred_.clear();
}

}  // namespace runnel::shard
