// SPDX-License-Identifier: Apache-2.0
// A retained publish is acknowledged when every shard has the message, whatever its connection does meanwhile.
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "broker/mqtt/encoder.h"
#include "broker/shard/shard.h"

namespace runnel::shard {
namespace {

constexpr Time kNow{1'000'000};
constexpr mqtt::ProtocolVersion kVersion = mqtt::ProtocolVersion::V311;

class OpenDoor : public api::Authenticator {
public:
    api::AuthenticationOutcome check(const api::Credentials&) const override {
        return {.reason = mqtt::ReasonCode::Success, .identity = {}, .why = {}};
    }
    std::optional<api::AuthenticationOutcome> quick_check(const api::Credentials& credentials) const override {
        return check(credentials);
    }
    std::unique_ptr<api::AuthenticationExchange> begin(std::string_view, const api::Credentials&,
                                                       std::string_view) const override {
        return nullptr;
    }
};

class NoRules : public api::AccessControl {
public:
    bool may_publish(const api::AccessSubject&, std::string_view) const override { return true; }
    bool may_subscribe(const api::AccessSubject&, std::string_view) const override { return true; }
    bool may_receive(const api::AccessSubject&, std::string_view) const override { return true; }
    bool checks_delivery() const override { return false; }
    bool is_admin(const api::AccessSubject&) const override { return true; }
};

class Quiet : public LogSink {
public:
    void write(LogLevel, std::string_view, std::span<const LogField>) override {}
    LogLevel level() const override { return LogLevel::Error; }
};

class Zeros : public SecretSource {
public:
    uint64_t next() override { return 0; }
};

// Two shards and a client of the first. What they tell each other waits until the test passes it on.
class TwoShards {
public:
    TwoShards() {
        for (PeerIndex index = 0; index < 2; ++index)
            shards_[index] = std::make_unique<Shard>(Environment{{},
                                                                 placement_,
                                                                 index,
                                                                 1,
                                                                 secrets_,
                                                                 counters_[index],
                                                                 log_,
                                                                 std::make_shared<OpenDoor>(),
                                                                 std::make_shared<NoRules>()},
                                                     kNow);
        while (placement_.owner_of_client(client_) != 0)
            client_ += 'x';
    }

    void connect() {
        mqtt::Connect packet;
        packet.version = kVersion;
        packet.clean_start = false;
        packet.client_identifier = client_;
        std::string bytes;
        mqtt::encode(packet, bytes);
        connection_ = shards_[0]->connection_opened({"client", true}, kNow);
        receive(bytes);
        REQUIRE(take_output().starts_with("\x20\x02"));
    }

    void lose_connection() {
        shards_[0]->connection_lost(connection_, kNow);
        end_turn(0);
    }

    void publish_retained(bool dup) {
        mqtt::Publish packet;
        packet.dup = dup;
        packet.qos = mqtt::QoS::ExactlyOnce;
        packet.retain = true;
        packet.packet_identifier = 1;
        packet.topic = "t";
        packet.payload = "1";
        std::string bytes;
        mqtt::encode(packet, kVersion, bytes);
        receive(bytes);
    }

    // What a shard has told the other one arrives there.
    void pass_on(PeerIndex from) {
        end_turn(from);
        shards_[1 - from]->peer_messages_received(from, std::exchange(mail_[from], {}), kNow);
    }

    // What the client gets.
    std::string take_output() {
        std::string bytes;
        shards_[0]->take_writes();
        std::array<std::string_view, 16> pieces;
        const size_t count = shards_[0]->gather_output(connection_, pieces);
        for (size_t i = 0; i < count; ++i)
            bytes += pieces[i];
        shards_[0]->output_written(connection_, bytes.size(), false, kNow);
        return bytes;
    }

    Shard& other() { return *shards_[1]; }

private:
    void receive(const std::string& bytes) {
        shards_[0]->bytes_received(connection_, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, kNow);
    }
    void end_turn(PeerIndex index) {
        shards_[index]->end_turn(kNow);
        for (PeerMessage& message : std::exchange(shards_[index]->effects().tells[1 - index], {}))
            mail_[index].push_back(std::move(message));
        shards_[index]->effects_done();
    }

    Placement placement_{2, 7};
    Quiet log_;
    Zeros secrets_;
    std::array<Counters, 2> counters_;
    std::array<std::unique_ptr<Shard>, 2> shards_;
    std::array<PeerMessages, 2> mail_;  // By sender.
    std::string client_ = "c";
    ConnectionId connection_;
};

const std::string kPubrec("\x50\x02\x00\x01", 4);

}  // namespace

TEST_CASE("PUBREC of a retained publish waits until the other shard has it") {
    TwoShards broker;
    broker.connect();
    broker.publish_retained(false);
    CHECK(broker.take_output().empty());
    broker.pass_on(0);
    CHECK(broker.other().retained_messages().count() == 1);
    CHECK(broker.take_output().empty());
    broker.pass_on(1);
    CHECK(broker.take_output() == kPubrec);
}

TEST_CASE("PUBREC waits as well when the publish is repeated on a new connection") {
    TwoShards broker;
    broker.connect();
    broker.publish_retained(false);
    broker.lose_connection();
    broker.connect();
    broker.publish_retained(true);
    CHECK(broker.take_output().empty());
    broker.pass_on(0);
    CHECK(broker.other().retained_messages().count() == 1);
    broker.pass_on(1);
    CHECK(broker.take_output() == kPubrec);
}

}  // namespace runnel::shard
