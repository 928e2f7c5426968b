// SPDX-License-Identifier: Apache-2.0
#include "broker/session/stored_session.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "broker/session/record.h"
#include "broker/session/stored_keys.h"

namespace runnel::session {
namespace {

constexpr WallClock kClock{1'000'000};

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        constexpr char kDigits[] = "0123456789abcdef";
        text.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
        text.push_back(kDigits[static_cast<uint8_t>(byte) & 15]);
    }
    return text;
}

StoredSession full_session() {
    StoredSession session;
    session.user_name = "alice";
    session.anonymous = false;
    session.expiry_interval = 3600;
    session.disconnected_at_ms = 1'700'000'000'123;
    Will will;
    will.topic = "w";
    will.payload = "gone";
    will.qos = mqtt::QoS::AtLeastOnce;
    will.retain = true;
    will.has_expiry = true;
    will.message_expiry_interval = 60;
    will.delay_interval = 5;
    session.will = will;
    SharedMembership membership;
    membership.share_name = "g";
    membership.filter = "a/#";
    membership.options.qos = mqtt::QoS::ExactlyOnce;
    membership.options.retain_as_published = true;
    membership.subscription_identifier = 300;
    membership.sequence = 7;
    session.shared.push_back(membership);
    return session;
}

StoredWindow full_window() {
    StoredWindow window;
    window.queue_first = 1000;
    window.window = {{0, 9, OutboundWindow::State::AwaitingPubcomp},
                     {998, 65'535, OutboundWindow::State::AwaitingPuback},
                     {999, 1, OutboundWindow::State::AwaitingPubrec}};
    window.taken = {1002, 1005};
    window.received = {1, 2, 300};
    return window;
}

Delivery full_delivery() {
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = "a/b";
    fields.payload = std::string_view("\0x", 2);
    fields.forwarded_properties = std::string_view("\x01\x01", 2);
    fields.publisher = "p";
    fields.qos = mqtt::QoS::ExactlyOnce;
    fields.retain = true;
    fields.message_expiry_interval = 10;
    fields.received_at = Time{500};
    Delivery delivery;
    delivery.message = mqtt::ApplicationMessage::make(fields);
    delivery.subscription_identifiers = SubscriptionIdentifiers(std::vector<uint32_t>{5, 200});
    delivery.origin = {3, 1, 7};
    delivery.qos = mqtt::QoS::AtLeastOnce;
    delivery.retain = true;
    return delivery;
}

template <class Record>
std::string bytes_of(const Record& record) {
    std::string bytes;
    encode(record, bytes);
    return bytes;
}

// These bytes lie on the disks of users: a change needs a new version, and code that reads the old one.
TEST_CASE("stored records: version 1 byte by byte") {
    CHECK(hex(bytes_of(full_session())) ==
          "0105616c69636506901cfbd095ffbc3101770"
          "4676f6e65000d3c050101670"
          "3612f230aac0207");
    CHECK(hex(bytes_of(
              StoredSubscription{{mqtt::QoS::AtLeastOnce, true, false, mqtt::RetainHandling::SendNever}, 128, 3})) ==
          "012580"
          "0103");
    CHECK(hex(bytes_of(full_window())) ==
          "01e807"
          "03"
          "000903"
          "e607ffff0301"
          "e7070102"
          "02ea07ed07"
          "030102ac02");
    std::string delivery;
    encode_delivery(full_delivery(), kClock, delivery);
    CHECK(hex(delivery) ==
          "0d07"
          "0205c801"
          "0e03612f62"
          "020078"
          "020101"
          "0170"
          "b4883d"
          "0a");
}

TEST_CASE("stored records: what was written is read back") {
    const auto session = decode_session(bytes_of(full_session()));
    REQUIRE(session);
    CHECK(session->user_name == "alice");
    CHECK_FALSE(session->anonymous);
    CHECK(session->expiry_interval == 3600);
    CHECK(session->disconnected_at_ms == 1'700'000'000'123);
    REQUIRE(session->will);
    CHECK(session->will->topic == "w");
    CHECK(session->will->payload == "gone");
    CHECK(session->will->retain);
    CHECK(session->will->message_expiry_interval == 60);
    CHECK(session->will->delay_interval == 5);
    REQUIRE(session->shared.size() == 1);
    CHECK(session->shared[0].filter == "a/#");
    CHECK(session->shared[0].options == full_session().shared[0].options);
    CHECK(session->shared[0].sequence == 7);

    const auto window = decode_window(bytes_of(full_window()));
    REQUIRE(window);
    CHECK(window->queue_first == 1000);
    REQUIRE(window->window.size() == 3);
    CHECK(window->window[1].number == 998);
    CHECK(window->window[1].packet_identifier == 65'535);
    CHECK(window->window[0].state == OutboundWindow::State::AwaitingPubcomp);
    CHECK(window->taken == std::vector<uint64_t>{1002, 1005});
    CHECK(window->received == std::vector<mqtt::PacketIdentifier>{1, 2, 300});

    std::string bytes;
    encode_delivery(full_delivery(), kClock, bytes);
    RecordReader reader(bytes);
    const auto delivery = decode_delivery(reader, WallClock{999'000});
    REQUIRE(delivery);
    CHECK(reader.at_end());
    CHECK(delivery->message->topic() == "a/b");
    CHECK(delivery->message->payload() == std::string_view("\0x", 2));
    CHECK(delivery->message->publisher() == "p");
    CHECK(delivery->message->received_at() == Time{1500});  // The clocks of two starts differ.
    CHECK(delivery->message->message_expiry_interval() == 10);
    CHECK(delivery->qos == mqtt::QoS::AtLeastOnce);
    CHECK(delivery->retain);
    CHECK(delivery->origin.sequence == 7);
    CHECK(delivery->subscription_identifiers.all().size() == 2);
}

TEST_CASE("stored records: cut anywhere or of another version they are nothing, and nothing is read beyond them") {
    const std::string session = bytes_of(full_session());
    for (size_t size = 0; size < session.size(); ++size)
        CHECK_FALSE(decode_session(std::string(session, 0, size)));
    const std::string window = bytes_of(full_window());
    for (size_t size = 0; size < window.size(); ++size)
        CHECK_FALSE(decode_window(std::string(window, 0, size)));
    std::string delivery;
    encode_delivery(full_delivery(), kClock, delivery);
    for (size_t size = 0; size < delivery.size(); ++size) {
        const std::string part(delivery, 0, size);
        RecordReader reader(part);
        CHECK_FALSE(decode_delivery(reader, kClock));
    }
    std::string newer = session;
    newer[0] = kRecordVersion + 1;
    CHECK_FALSE(decode_session(newer));
    CHECK_FALSE(decode_window(""));
    CHECK_FALSE(decode_subscription("\2"));
}

TEST_CASE("stored keys: kinds are ranges, deliveries lie in the order of their numbers") {
    CHECK(stored_key(StoredKind::Session, "a") < end_of(StoredKind::Session));
    CHECK(deliveries_key("a", 255) < deliveries_key("a", 256));
    CHECK(deliveries_key("a", UINT64_MAX) < deliveries_key("a\x01", 0));
    CHECK(stored_key(StoredKind::Subscription, "a", "b/#") == std::string("ua\0b/#", 6));
}

}  // namespace
}  // namespace runnel::session
