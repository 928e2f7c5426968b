// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "test/simulation/chance.h"
#include "test/simulation/endpoint.h"
#include "test/simulation/ledger.h"

namespace runnel::simulation {

// One client and its part of the Session State. It keeps the rules of the protocol, but chance decides what it does
// next, how late it answers and when its connection breaks.
class Client : public Endpoint {
public:
    Client(World& world, std::string identifier, uint64_t seed);

    // Does something now and then until its actions are used up.
    void begin();
    // No more actions: it comes back if it may have a Session, and answers everything.
    void calm_down() { mood_ = Mood::Calm; }
    // Ends its Session if it can.
    void leave();
    bool is_done() const { return actions_left_ == 0; }
    // A Session of this client may be there, and it has not read it empty yet.
    bool is_away() const { return mood_ == Mood::Calm && wants_back() && !connected_; }

private:
    // Where a full queue ends the connection, a client may publish what always ends its own: its patience is not
    // without end, and then it gives up its Session.
    static constexpr uint32_t kPatience = 20;

    enum class Mood { Busy, Calm, Gone };
    enum class Step { Puback, Pubrec, Pubcomp };
    // A QoS 1 or 2 exchange that this client began; `step` is what it waits for.
    struct Outgoing {
        mqtt::PacketIdentifier identifier = 0;
        uint64_t number = 0;
        Step step = Step::Puback;
        uint32_t pubrec_order = 0;
    };
    struct Request {
        bool subscribes = true;
        std::vector<size_t> records;  // Of the Session in the ledger.
    };

    // client.cc: what it must do.
    void handle(const test::AnyPacket& packet) override;
    void link_ended() override;
    void handle_connack(const mqtt::Connack& packet);
    void handle_auth(const mqtt::Auth& packet);
    void handle_publish(const mqtt::Publish& packet);
    void handle_publish_ack(const mqtt::PublishAck& packet);
    void handle_subscription_ack(const mqtt::SubscriptionAck& packet);
    std::string_view resolve_alias(const mqtt::Publish& packet);
    void arrived(const mqtt::Publish& packet, std::string_view topic);
    void check_identifiers(const mqtt::Publish& packet, std::string_view topic);
    void answer(mqtt::PacketType type, mqtt::PacketIdentifier identifier, uint64_t number);
    void flush_answers(size_t at_most);
    void finish_exchange(Outgoing& outgoing, mqtt::ReasonCode reason);
    void session_lost();
    void resend();
    void send_publish(const PublishedMessage& message, mqtt::PacketIdentifier identifier, bool dup);
    SubscriberSession& session();
    Outgoing* find_outgoing(mqtt::PacketIdentifier identifier);
    mqtt::PacketIdentifier free_identifier();

    // client_choices.cc: what it chooses to do.
    void think();
    void act();
    void act_offline();
    void act_calmly();
    void connect();
    void choose_will(mqtt::Connect& connect, std::string& topic, std::string& payload);
    void choose_properties(mqtt::Connect& connect);
    void publish();
    uint64_t choose_message();
    void subscribe();
    void choose_subscription(SubscriptionRecord& record);
    void unsubscribe();
    void disconnect();
    void take_over();
    void break_in();
    void keep_alive();
    bool wants_back() const;

    std::string identifier_;
    Chance chance_;
    Mood mood_ = Mood::Busy;
    uint32_t actions_left_ = 0;
    uint32_t calm_connects_ = 0;
    bool uses_shared_ = false;  // Else it may use filters that match everything.

    // Of the connection.
    bool connected_ = false;
    bool clean_start_ = true;
    bool answers_late_ = false;
    bool silent_ = false;  // Forgets Keep Alive.
    uint16_t keep_alive_ = 0;
    uint32_t receive_maximum_ = 65'535;  // Of the broker.
    uint32_t maximum_packet_size_ = mqtt::kPacketSizeMax;
    uint32_t alias_maximum_ = 0;      // Of the broker.
    uint32_t own_alias_maximum_ = 0;  // Announced by us.
    uint32_t own_maximum_packet_size_ = mqtt::kPacketSizeMax;
    std::map<std::string, uint16_t> aliases_out_;
    std::map<uint16_t, std::string> aliases_in_;
    std::deque<mqtt::PublishAck> answers_;
    Time reconnects_at_;

    // Of the Session.
    uint64_t incarnation_ = 0;      // 0 = none.
    bool must_start_clean_ = true;  // The state on this side was given up, or is not that of the broker.
    bool may_be_kept_ = false;      // The Session outlives its connection, as far as is known.
    std::vector<Outgoing> outgoing_;
    std::set<mqtt::PacketIdentifier> received_;  // QoS 2 without PUBREL.
    std::map<mqtt::PacketIdentifier, Request> requests_;
    mqtt::PacketIdentifier last_identifier_ = 0;
    uint32_t pubrecs_ = 0;
    uint64_t sequence_ = 0;
};

}  // namespace runnel::simulation
