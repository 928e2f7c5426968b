// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridges/http/http_session.h"
#include "bridges/stations/station_routes.h"
#include "broker/api/local_broker.h"

namespace runnel::test {

// A broker that writes down what it is given. Answers at once: everything is taken, but for what `refuses`.
class RecordingBroker final : public api::LocalBroker {
public:
    void authenticate(api::Credentials credentials,
                      std::function<void(const api::AuthenticationOutcome&)> done) override;
    uint64_t users_generation() const override { return 1; }
    bool may_subscribe(const api::LocalClient&, std::string_view) const override { return false; }
    bool may_receive(const api::LocalClient&, std::string_view) const override { return false; }
    bool is_admin(const api::LocalClient&) const override { return false; }
    void publish(const api::LocalClient& client, const api::LocalPublish& publish,
                 std::function<void(const api::LocalPublished&)> done) override;
    void open_inbox(api::Inbox) override {}
    void give_back_inbox(const api::Inbox&) override {}
    // Nobody has sent it anything.
    void take_inbox(const api::Inbox&, std::function<void(const std::vector<mqtt::MessageRef>&)> done) override {
        done({});
    }
    mqtt::MessageRef retained_message(std::string_view) const override { return {}; }
    std::vector<mqtt::MessageRef> retained_messages(const api::LocalClient&, std::string_view, std::string_view,
                                                    size_t) const override {
        return {};
    }
    uint32_t remaining_expiry(const mqtt::ApplicationMessage&) const override { return 0; }
    int64_t wall_ms(const mqtt::ApplicationMessage&) const override { return 0; }
    bool has_history() const override { return false; }
    void read_history(api::HistoryQuery, std::function<void(api::HistoryPage)> done) override { done({}); }
    void read_buckets(api::BucketQuery, std::function<void(api::BucketPage)> done) override { done({}); }

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
