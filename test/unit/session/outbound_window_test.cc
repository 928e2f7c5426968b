// SPDX-License-Identifier: Apache-2.0
#include "broker/session/outbound_window.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include "broker/base/random.h"

namespace runnel::session {
namespace {

using State = OutboundWindow::State;
using mqtt::PacketIdentifier;
using mqtt::QoS;

Delivery delivery(QoS qos, std::string_view payload = "x") {
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = "t";
    fields.payload = payload;
    Delivery made;
    made.message = mqtt::ApplicationMessage::make(fields);
    made.qos = qos;
    return made;
}

void finish(OutboundWindow& window, PacketIdentifier identifier) {
    OutboundWindow::Entry* entry = window.find(identifier);
    REQUIRE(entry != nullptr);
    window.remove(*entry);
}

std::vector<PacketIdentifier> to_resend(OutboundWindow& window) {
    std::vector<PacketIdentifier> order;
    window.for_each_to_resend([&](OutboundWindow::Entry& entry) { order.push_back(entry.packet_identifier); });
    return order;
}

TEST_CASE("Packet Identifiers begin with 1 and go up") {
    OutboundWindow window;
    CHECK(window.add(delivery(QoS::AtLeastOnce)) == 1);
    CHECK(window.add(delivery(QoS::ExactlyOnce)) == 2);
    CHECK(window.size() == 2);
    CHECK(window.find(1)->state == State::AwaitingPuback);
    CHECK(window.find(2)->state == State::AwaitingPubrec);
    CHECK(window.find(3) == nullptr);
}

TEST_CASE("An identifier is not found any more when its exchange is over") {
    OutboundWindow window;
    for (int i = 0; i < 5; ++i)
        window.add(delivery(QoS::AtLeastOnce));
    finish(window, 3);  // In the middle: its place stays, its name does not.
    CHECK(window.find(3) == nullptr);
    CHECK(window.size() == 4);
    finish(window, 1);
    finish(window, 2);
    CHECK(window.find(4)->packet_identifier == 4);
    CHECK(window.find(5)->packet_identifier == 5);
    finish(window, 4);
    finish(window, 5);
    CHECK(window.empty());
}

TEST_CASE("Over several rounds of all 65,535 identifiers, those in use are never given out again") {
    OutboundWindow window;
    std::set<PacketIdentifier> stuck;
    // Some exchanges that a client never finishes, among them the first and the last number.
    for (uint32_t i = 1; i <= 65'535; ++i) {
        const PacketIdentifier identifier = window.add(delivery(QoS::ExactlyOnce));
        REQUIRE(identifier == i);
        const bool kept = i == 1 || i == 2 || i == 700 || i == 65'534 || i == 65'535;
        if (kept)
            stuck.insert(identifier);
        else
            finish(window, identifier);
    }
    PacketIdentifier last = 65'535;
    for (uint32_t i = 0; i < 3 * 65'535; ++i) {
        const PacketIdentifier identifier = window.add(delivery(QoS::AtLeastOnce));
        REQUIRE(identifier != 0);
        REQUIRE_FALSE(stuck.contains(identifier));
        // Upwards, but for the new round.
        REQUIRE((identifier > last || identifier == 3));
        last = identifier;
        finish(window, identifier);
    }
    CHECK(window.size() == stuck.size());
    for (const PacketIdentifier identifier : stuck)
        CHECK(window.find(identifier)->state == State::AwaitingPubrec);
}

TEST_CASE("What a client leaves unacknowledged does not keep the places of what came after it") {
    OutboundWindow window;
    const PacketIdentifier stuck = window.add(delivery(QoS::AtLeastOnce, "stuck"));
    for (int i = 0; i < 1'000; ++i) {
        const PacketIdentifier later = window.add(delivery(QoS::ExactlyOnce));
        const PacketIdentifier latest = window.add(delivery(QoS::AtLeastOnce));
        finish(window, latest);
        CHECK(to_resend(window) == std::vector<PacketIdentifier>{stuck, later});
        finish(window, later);
        CHECK(window.places() < 32);
    }
    CHECK(window.find(stuck)->delivery.message->payload() == "stuck");
    finish(window, stuck);
    CHECK(window.places() == 0);
}

TEST_CASE("65,535 messages fit, and the one identifier that becomes free is the one that is given out") {
    OutboundWindow window;
    for (uint32_t i = 1; i <= 65'535; ++i)
        window.add(delivery(QoS::AtLeastOnce));
    CHECK(window.size() == 65'535);
    for (const PacketIdentifier identifier :
         {PacketIdentifier{40'000}, PacketIdentifier{1}, PacketIdentifier{65'535}}) {
        finish(window, identifier);
        CHECK(window.add(delivery(QoS::AtLeastOnce)) == identifier);
    }
}

TEST_CASE("A released message is let go of, and its identifier stays in use") {
    OutboundWindow window;
    mqtt::MessageRef message;
    {
        Delivery sent = delivery(QoS::ExactlyOnce);
        message = sent.message;
        window.add(std::move(sent));
    }
    OutboundWindow::Entry* entry = window.find(1);
    window.released(*entry);
    CHECK(entry->state == State::AwaitingPubcomp);
    CHECK_FALSE(entry->delivery.message);
    CHECK(window.size() == 1);
    finish(window, 1);
    CHECK(window.empty());
}

TEST_CASE("PUBRELs are sent again in the order of their PUBRECs, then PUBLISHes in the order they had") {
    OutboundWindow window;
    for (int i = 0; i < 6; ++i)
        window.add(delivery(i % 2 == 0 ? QoS::AtLeastOnce : QoS::ExactlyOnce));
    window.released(*window.find(6));
    window.released(*window.find(2));
    CHECK(to_resend(window) == std::vector<PacketIdentifier>{6, 2, 1, 3, 4, 5});
    finish(window, 6);
    finish(window, 3);
    CHECK(to_resend(window) == std::vector<PacketIdentifier>{2, 1, 4, 5});
}

TEST_CASE("A restored window goes on as it was") {
    OutboundWindow window;
    window.restore({delivery(QoS::AtLeastOnce), 0, 65'535, State::AwaitingPuback, false});
    window.restore({delivery(QoS::ExactlyOnce), 2, 1, State::AwaitingPubcomp, false});
    window.restore({delivery(QoS::ExactlyOnce), 1, 2, State::AwaitingPubcomp, false});
    CHECK(window.size() == 3);
    CHECK(to_resend(window) == std::vector<PacketIdentifier>{2, 1, 65'535});
    CHECK(window.add(delivery(QoS::ExactlyOnce)) == 3);
    window.released(*window.find(3));  // Later than all that were restored.
    CHECK(to_resend(window) == std::vector<PacketIdentifier>{2, 1, 3, 65'535});
    for (uint32_t i = 4; i < 65'535; ++i) {
        REQUIRE(window.add(delivery(QoS::AtLeastOnce)) == i);
    }
    CHECK(window.size() == 65'535);
}

// What the window promises, in the plainest form.
struct Model {
    struct Entry {
        PacketIdentifier identifier;
        State state;
        uint64_t released_at;
    };
    std::vector<Entry> entries;  // In the order of sending.
    uint64_t releases = 0;

    std::vector<Entry>::iterator find(PacketIdentifier identifier) {
        return std::find_if(entries.begin(), entries.end(),
                            [&](const Entry& entry) { return entry.identifier == identifier; });
    }
    std::vector<PacketIdentifier> to_resend() const {
        std::vector<Entry> released;
        std::vector<PacketIdentifier> order;
        for (const Entry& entry : entries)
            if (entry.state == State::AwaitingPubcomp) released.push_back(entry);
        std::sort(released.begin(), released.end(),
                  [](const Entry& a, const Entry& b) { return a.released_at < b.released_at; });
        for (const Entry& entry : released)
            order.push_back(entry.identifier);
        for (const Entry& entry : entries)
            if (entry.state != State::AwaitingPubcomp) order.push_back(entry.identifier);
        return order;
    }
};

TEST_CASE("The window behaves like a plain list, whatever a client acknowledges and in whatever order") {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Random random(seed);
        OutboundWindow window;
        Model model;
        const size_t window_max = 1 + random.below(200);
        for (int step = 0; step < 20'000; ++step) {
            const uint64_t choice = random.below(10);
            if (choice < 5 && model.entries.size() < window_max) {
                const QoS qos = random.below(2) == 0 ? QoS::AtLeastOnce : QoS::ExactlyOnce;
                const PacketIdentifier identifier = window.add(delivery(qos));
                REQUIRE(model.find(identifier) == model.entries.end());
                model.entries.push_back(
                    {identifier, qos == QoS::ExactlyOnce ? State::AwaitingPubrec : State::AwaitingPuback, 0});
            } else if (!model.entries.empty()) {
                // Mostly the oldest ones, or mostly the newest, so that old ones stay long.
                const size_t end = seed % 2 == 0 ? 0 : model.entries.size() - 1;
                const size_t at = random.below(4) != 0 ? end : random.below(model.entries.size());
                Model::Entry& expected = model.entries[at];
                OutboundWindow::Entry* entry = window.find(expected.identifier);
                REQUIRE(entry != nullptr);
                REQUIRE(entry->state == expected.state);
                if (expected.state == State::AwaitingPubrec && random.below(2) == 0) {
                    window.released(*entry);
                    expected.state = State::AwaitingPubcomp;
                    expected.released_at = ++model.releases;
                } else {
                    window.remove(*entry);
                    model.entries.erase(model.entries.begin() + static_cast<long>(at));
                }
            }
            REQUIRE(window.size() == model.entries.size());
            if (step % 100 == 0) REQUIRE(to_resend(window) == model.to_resend());
        }
    }
}

}  // namespace
}  // namespace runnel::session
