// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridges/http/http_session.h"
#include "bridges/stations/station_routes.h"
#include "broker/api/empty_broker.h"

namespace runnel::test {

// A broker that writes down what it is given. Answers at once: everything is taken, but for what `refuses`.
class RecordingBroker final : public api::EmptyBroker {
public:
    void authenticate(api::Credentials credentials,
                      std::function<void(const api::AuthenticationOutcome&)> done) override;
    void publish(const api::LocalClient& client, const api::LocalPublish& publish,
                 std::function<void(const api::LocalPublished&)> done) override;

    std::vector<api::LocalPublish> messages;
    std::vector<api::LocalClient> clients;
    mqtt::ReasonCode refuses = mqtt::ReasonCode::Success;  // On topics that end with "humidity".
    bool anonymous_allowed = true;
};

inline constexpr int64_t kNowMs = 1'746'720'060'000;  // 2025-05-08T16:01:00Z

// Stations as their configuration has them; text is what is written for [[http.station]], in TOML.
struct Stations {
    explicit Stations(const std::string& toml);
    // What the configuration is told to be wrong with: one line each.
    static std::vector<std::string> errors(const std::string& toml);
    // The answer to a request, whose lines end with CR LF.
    std::string ask(std::string_view request);
    // "topic payload" of each message.
    std::string published() const;

    RecordingBroker broker;
    http::Gate gate{broker};
    http::Routes routes;
    std::vector<std::string> heard;
};

struct RecordedRequest {
    std::string preset;
    std::string name;      // Of its file.
    std::string request;   // With CR LF, and the length of the body.
    std::string expected;  // What is published: lines "topic payload".
};
// Files NAME.http, each with its expectation in NAME.expected; the name begins with the preset, up to a ".".
std::vector<RecordedRequest> read_recorded_requests(const std::string& directory);

}  // namespace runnel::test
