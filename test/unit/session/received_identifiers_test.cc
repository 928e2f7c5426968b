// SPDX-License-Identifier: Apache-2.0
#include "broker/session/received_identifiers.h"

#include <set>

#include <doctest/doctest.h>
#include "broker/base/random.h"

namespace runnel::session {
namespace {

TEST_CASE("An identifier is there from PUBLISH to PUBREL") {
    ReceivedIdentifiers received;
    CHECK_FALSE(received.contains(7));
    received.insert(7);
    CHECK(received.contains(7));
    CHECK(received.erase(7));
    CHECK_FALSE(received.contains(7));
    CHECK_FALSE(received.erase(7));
    CHECK(received.size() == 0);
}

TEST_CASE("Received identifiers behave like a set") {
    Random random(5);
    ReceivedIdentifiers received;
    std::set<mqtt::PacketIdentifier> model;
    for (int step = 0; step < 20'000; ++step) {
        const auto identifier = static_cast<mqtt::PacketIdentifier>(1 + random.below(300));
        REQUIRE(received.contains(identifier) == model.contains(identifier));
        if (model.contains(identifier) || random.below(3) == 0) {
            REQUIRE(received.erase(identifier) == (model.erase(identifier) == 1));
        } else {
            received.insert(identifier);
            model.insert(identifier);
        }
        REQUIRE(received.size() == model.size());
    }
    CHECK(received.all() == std::vector<mqtt::PacketIdentifier>(model.begin(), model.end()));
}

}  // namespace
}  // namespace runnel::session
