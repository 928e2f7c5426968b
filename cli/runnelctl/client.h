// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "broker/base/time.h"
#include "broker/mqtt/decoder.h"
#include "broker/mqtt/packets.h"
#include "cli/runnelctl/client_options.h"
#include "cli/runnelctl/refusal.h"
#include "cli/runnelctl/stream.h"

namespace runnel::ctl {

// Is told what arrives, within Client::turn.
class ClientListener {
public:
    virtual ~ClientListener() = default;
    // QoS 2 messages come once. Returns whether more are wanted: if not, later ones are neither given nor acknowledged.
    virtual bool message_received(const mqtt::Publish&) { return true; }
    // The last answer to a publish of QoS 1 or 2: PUBACK, PUBCOMP, or a PUBREC that refuses.
    virtual void publish_acknowledged(const mqtt::PublishAck&) {}
    virtual void subscription_acknowledged(const mqtt::SubscriptionAck&) {}
};

// The MQTT client behind `pub` and `sub`. One thread.
class Client {
public:
    // `stop_descriptor` becomes readable when the user wants an end; -1 if nothing does.
    Client(const ClientOptions& options, ClientListener& listener, int stop_descriptor = -1);

    // Connects and waits for CONNACK. Called again after a failure it sends again what was not acknowledged: with DUP
    // if the broker still has the session, otherwise as new.
    std::optional<Failure> connect(Time deadline);
    bool is_stopped() const { return stream_.is_stopped(); }

    // Sends what waits, waits until something happens or the deadline has come, and takes what arrived. Returns too
    // when one of `others` is ready. After a failure the connection is closed.
    std::optional<Failure> turn(Time deadline, std::span<pollfd> others = {});

    // Whether one more publish of QoS 1 or 2 is allowed by the broker's Receive Maximum and by our own limit.
    bool has_room() const { return outgoing_.size() < window_; }
    // Why the broker would not take this message by what it said in CONNACK; nothing if it would.
    std::optional<Failure> publish_fault(const mqtt::Publish& publish) const;
    // Queues a message. The client gives it its Packet Identifier.
    void publish(mqtt::Publish publish);
    void subscribe(mqtt::Subscribe subscribe);
    void unsubscribe(mqtt::Unsubscribe unsubscribe);
    // Bytes that wait to be sent.
    size_t backlog() const { return stream_.output.size(); }
    // Whether nothing waits to be sent or acknowledged, in either direction.
    bool is_settled() const { return backlog() == 0 && outgoing_.empty() && incoming_.empty() && requests_.empty(); }

    // Sends DISCONNECT and closes. Nothing that was queued is lost.
    void disconnect();

    // A line on standard error, with -d.
    void debug(const std::string& line) const;

private:
    // A publish of ours that is not acknowledged.
    struct Outgoing {
        std::string packet;        // The PUBLISH as it is sent again, without DUP.
        bool is_released = false;  // PUBREC has come.
    };

    void append_connect();
    std::optional<Failure> await_connack(Time deadline);
    void take_limits(const mqtt::Connack& connack);
    void resume(bool session_present);
    std::optional<Failure> lost(Failure failure);
    std::optional<Failure> take_packets();
    std::optional<Failure> keep_alive(Time now);
    Time next_keep_alive() const;
    mqtt::PacketIdentifier next_identifier();

    // In client_packets.cc.
    std::optional<Failure> handle_packet(const mqtt::Frame& frame);
    std::optional<Failure> handle_connack(const mqtt::Frame& frame);
    std::optional<Failure> handle_publish(const mqtt::Frame& frame);
    std::optional<Failure> handle_publish_ack(const mqtt::Frame& frame);
    std::optional<Failure> handle_subscription_ack(const mqtt::Frame& frame);
    std::optional<Failure> handle_disconnect(const mqtt::Frame& frame);
    std::optional<Failure> handle_auth(const mqtt::Frame& frame);
    // Says in DISCONNECT that the broker broke a rule.
    Failure refuse(mqtt::ReasonCode reason, const std::string& what);
    bool resolve_alias(mqtt::Publish& publish);
    void take_outgoing_ack(const mqtt::PublishAck& ack);
    void acknowledge(mqtt::PacketType type, mqtt::PacketIdentifier identifier);

    const ClientOptions& options_;
    ClientListener& listener_;
    std::string client_identifier_;  // Our own, or what the broker assigned.
    Stream stream_;
    bool is_accepted_ = false;  // CONNACK has come.
    bool wants_messages_ = true;

    Time last_sent_{};
    Time ping_sent_ = Time::never();  // Never: no PINGRESP is awaited.
    Duration keep_alive_{};           // 0 switches it off.

    std::map<mqtt::PacketIdentifier, Outgoing> outgoing_;
    std::set<mqtt::PacketIdentifier> incoming_;  // QoS 2 messages that are not released.
    std::set<mqtt::PacketIdentifier> requests_;  // SUBSCRIBE and UNSUBSCRIBE that are not answered.
    mqtt::PacketIdentifier last_identifier_ = 0;
    std::map<uint32_t, std::string> aliases_;  // Topics by the broker's Topic Alias.

    // What the broker's CONNACK says.
    size_t window_ = 0;
    uint32_t maximum_qos_ = 2;
    bool retain_available_ = true;
    uint32_t maximum_packet_size_ = mqtt::kPacketSizeMax;
    uint32_t topic_alias_maximum_ = 0;
};

}  // namespace runnel::ctl
