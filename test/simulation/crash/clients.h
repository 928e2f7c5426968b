// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "test/golden/any_packet.h"
#include "test/simulation/complaints.h"
#include "test/simulation/crash/broker_model.h"

namespace runnel::simulation {

// A client whose Session and whose own memory outlive every crash of the broker.
class DurableClient {
public:
    DurableClient(BrokerModel& broker, Complaints& complaints, std::string identifier)
        : broker_(broker), complaints_(complaints), identifier_(std::move(identifier)) {}
    virtual ~DurableClient() = default;

    // Reads what has come; connects if there is no connection.
    // Whether anything was to be done.
    bool act();
    void cut();
    const std::string& identifier() const { return identifier_; }
    bool is_welcome() const { return wire_ != nullptr && is_welcome_; }

protected:
    // After CONNACK, with the Session as it was or, the first time, a new one.
    virtual void resume(bool session_present) = 0;
    virtual void handle(const test::AnyPacket& packet) = 0;
    virtual void shape(mqtt::Connect&) const {}
    virtual bool is_durable() const { return true; }
    void send(const test::AnyPacket& packet);
    void complain(const char* promise, const std::string& what);

    BrokerModel& broker_;
    Complaints& complaints_;
    std::string identifier_;

private:
    void read(std::string bytes);
    void handle_connack(const mqtt::Connack& packet);

    Wire* wire_ = nullptr;
    bool is_welcome_ = false;
    bool was_welcome_ = false;  // Ever: from then on the broker has promised a Session.
    std::string input_;
};

// Publishes numbers on one topic at one QoS, and sends again what was not acknowledged.
class DurablePublisher : public DurableClient {
public:
    DurablePublisher(BrokerModel& broker, Complaints& complaints, std::string identifier, std::string topic,
                     mqtt::QoS qos, bool retain)
        : DurableClient(broker, complaints, std::move(identifier)),
          topic_(std::move(topic)),
          qos_(qos),
          retain_(retain) {}

    void publish();
    const std::string& topic() const { return topic_; }
    mqtt::QoS qos() const { return qos_; }
    bool retain() const { return retain_; }
    uint32_t last() const { return last_; }
    uint32_t last_acknowledged() const { return last_acknowledged_; }
    // By number: acknowledged with success, that is promised.
    const std::set<uint32_t>& acknowledged() const { return acknowledged_; }
    bool is_idle() const { return open_.empty(); }

private:
    struct Exchange {
        mqtt::PacketIdentifier identifier = 0;
        uint32_t number = 0;
        bool released = false;
    };
    void resume(bool session_present) override;
    void handle(const test::AnyPacket& packet) override;
    void send_publish(const Exchange& exchange, bool dup);

    std::string topic_;
    mqtt::QoS qos_;
    bool retain_;
    uint32_t last_ = 0;
    uint32_t last_acknowledged_ = 0;
    std::vector<Exchange> open_;
    std::set<uint32_t> acknowledged_;
};

// Remembers what came.
class DurableSubscriber : public DurableClient {
public:
    DurableSubscriber(BrokerModel& broker, Complaints& complaints, std::string identifier, std::string filter,
                      mqtt::QoS qos, uint16_t receive_maximum, bool is_ordered)
        : DurableClient(broker, complaints, std::move(identifier)),
          filter_(std::move(filter)),
          qos_(qos),
          receive_maximum_(receive_maximum),
          is_ordered_(is_ordered) {}

    bool is_subscribed() const { return is_subscribed_; }
    const std::string& filter() const { return filter_; }
    mqtt::QoS qos() const { return qos_; }
    const std::map<std::string, std::vector<uint32_t>>& received() const { return received_; }  // By topic.

protected:
    void subscribe();
    void unsubscribe();
    void forget();
    void resume(bool session_present) override;
    void handle(const test::AnyPacket& packet) override;

private:
    void shape(mqtt::Connect& connect) const override;
    void arrived(const mqtt::Publish& packet);

    std::string filter_;
    mqtt::QoS qos_;
    uint16_t receive_maximum_;
    bool is_ordered_;  // Not where a disk fails: what is refused for that, and sent again, comes behind the next ones.
    bool is_subscribed_ = false;
    std::set<mqtt::PacketIdentifier> unreleased_;
    std::map<std::string, std::vector<uint32_t>> received_;
};

// Subscribes and unsubscribes while messages come.
class FickleSubscriber : public DurableSubscriber {
public:
    using DurableSubscriber::DurableSubscriber;
    // The other of the two; nothing while the last one is not answered.
    void change_mind();
    // Whether it must get what is published and acknowledged now.
    bool is_listening() const { return is_subscribed() && !asks_; }

protected:
    void resume(bool session_present) override;
    void handle(const test::AnyPacket& packet) override;

private:
    bool wants_ = false;
    bool asks_ = false;
};

// The same, with a Session that ends with its connection: nobody has to store anything for it.
class PassingSubscriber : public FickleSubscriber {
public:
    using FickleSubscriber::FickleSubscriber;

private:
    void shape(mqtt::Connect& connect) const override;
    bool is_durable() const override { return false; }
};

}  // namespace runnel::simulation
