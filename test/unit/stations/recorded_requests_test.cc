// SPDX-License-Identifier: Apache-2.0
// What real firmware sends, with the presets.
#include <doctest/doctest.h>

#include "test/golden/stations/station_requests.h"

namespace {

using namespace runnel;

TEST_CASE("recorded requests become the messages that stand beside them") {
    const auto requests = test::read_recorded_requests(RUNNEL_STATION_REQUESTS);
    CHECK(requests.size() >= 8);
    for (const test::RecordedRequest& one : requests) {
        CAPTURE(one.name);
        test::Stations stations("{name=\"garden\",preset=\"" + one.preset + "\"}");
        const std::string answer = stations.ask(one.request);
        CHECK_MESSAGE(answer.starts_with("HTTP/1.1 200 "), answer);
        CHECK(stations.published() == one.expected);
        for (const char* secret : {"0123456789ABCDEF", "PASSKEY", "PASSWORD", "secret", "00:11:22"})
            CHECK(stations.published().find(secret) == std::string::npos);
        for (const api::LocalPublish& message : stations.broker.messages) {
            CHECK(message.qos == mqtt::QoS::AtLeastOnce);
            CHECK(message.retain);
        }
        for (const api::LocalClient& client : stations.broker.clients) {
            CHECK(client.identity.user_name == "garden");
            CHECK(client.client_identifier == "garden");
        }
    }
}

}  // namespace
