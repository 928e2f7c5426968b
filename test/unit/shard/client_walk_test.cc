// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/client_walk.h"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>

#include "broker/mqtt/encoder.h"

namespace runnel::shard {
namespace {

constexpr Time kNow{1'000'000};

class ByUserName : public api::Authenticator {
public:
    api::AuthenticationOutcome check(const api::Credentials& credentials) const override {
        const bool anonymous = !credentials.user_name;
        return {mqtt::ReasonCode::Success, {credentials.user_name.value_or(""), anonymous}, {}};
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

// One shard and clients that keep their Sessions.
class OneShard {
public:
    Shard& shard() { return shard_; }

    ConnectionId connect(const std::string& name, const PeerAddress& address = {"192.0.2.7:1"},
                         const std::string& user = {}) {
        mqtt::Connect packet;
        packet.clean_start = false;
        packet.keep_alive = 60;
        packet.client_identifier = name;
        if (!user.empty()) packet.user_name = user;
        packet.properties.set(mqtt::PropertyId::SessionExpiryInterval, 1000);
        std::string bytes;
        mqtt::encode(packet, bytes);
        const ConnectionId id = shard_.connection_opened(address, kNow);
        receive(id, bytes);
        return id;
    }
    void subscribe(ConnectionId id, std::string_view filter) {
        mqtt::Subscribe packet;
        packet.packet_identifier = 1;
        packet.requests.push_back({filter, {}});
        std::string bytes;
        mqtt::encode(packet, mqtt::ProtocolVersion::V5, bytes);
        receive(id, bytes);
    }
    void lose(ConnectionId id) {
        shard_.connection_lost(id, kNow);
        end_turn();
    }

    // The names on a page, and "..." if there are more.
    std::string clients(const api::ClientQuery& query) {
        ClientWalk walk(query);
        std::optional<api::ClientPage> page;
        for (steps_ = 1; !(page = walk.go_on(shard_)); ++steps_) {
        }
        std::string names;
        for (const api::ClientStatus& client : page->clients)
            names += client.client_identifier + " ";
        total_ = page->total;
        return names + (page->has_more ? "..." : "");
    }
    std::string subscriptions(const api::SubscriptionQuery& query) {
        SubscriptionWalk walk(query);
        std::optional<api::SubscriptionPage> page;
        for (steps_ = 1; !(page = walk.go_on(shard_)); ++steps_) {
        }
        std::string text;
        for (const api::SubscriptionStatus& one : page->subscriptions)
            text +=
                one.client_identifier + "=" + (one.share_name.empty() ? "" : one.share_name + ":") + one.filter + " ";
        return text + (page->has_more ? "..." : "");
    }
    uint64_t total() const { return total_; }
    int steps() const { return steps_; }

private:
    void receive(ConnectionId id, const std::string& bytes) {
        shard_.bytes_received(id, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, kNow);
        end_turn();
    }
    void end_turn() {
        shard_.end_turn(kNow);
        shard_.take_writes();
        shard_.writes_done();
        shard_.effects_done();
    }

    Zeros secrets_;
    Counters counters_;
    Quiet log_;
    Shard shard_{
        Environment{
            {}, {}, 0, 1, secrets_, counters_, log_, std::make_shared<ByUserName>(), std::make_shared<NoRules>()},
        kNow};
    uint64_t total_ = 0;
    int steps_ = 0;
};

api::ClientQuery page_of(size_t count, std::string after = {}) {
    api::ClientQuery query;
    query.count_max = count;
    query.after = std::move(after);
    return query;
}

TEST_CASE("pages of clients, in the order of their identifiers") {
    OneShard one;
    for (const char* name : {"d", "a", "c", "e", "b"})
        one.connect(name);
    CHECK(one.clients(page_of(2)) == "a b ...");
    CHECK(one.clients(page_of(2, "b")) == "c d ...");
    CHECK(one.clients(page_of(2, "d")) == "e ");
    CHECK(one.clients(page_of(2, "e")).empty());
    CHECK(one.total() == 5);
    CHECK(one.clients(page_of(5)) == "a b c d e ");
}

TEST_CASE("which clients") {
    OneShard one;
    one.connect("Kitchen", {"192.0.2.7:1"}, "alice");
    one.connect("hall", {"192.0.2.8:1", false, {}, api::ClientTransport::WebSocket});
    one.lose(one.connect("attic"));
    api::ClientQuery query;
    query.connected = true;
    CHECK(one.clients(query) == "Kitchen hall ");
    query.transport = api::ClientTransport::WebSocket;
    CHECK(one.clients(query) == "hall ");
    CHECK(one.total() == 1);
    query.transport = api::ClientTransport::Mqtt;
    CHECK(one.clients(query) == "Kitchen ");
    query = {};
    query.connected = false;
    CHECK(one.clients(query) == "attic ");
    query = {};
    for (const auto& [search, found] : {std::pair{"KITCH", "Kitchen "}, {"lic", "Kitchen "}, {"2.0.2.8", "hall "}}) {
        query.search = search;
        CHECK(one.clients(query) == found);
    }
}

TEST_CASE("what a client has") {
    OneShard one;
    one.subscribe(one.connect("a", {"192.0.2.7:1", false, {}, api::ClientTransport::WebSocket}, "alice"), "x/#");
    const api::ClientStatus status = client_status(one.shard(), *one.shard().sessions().find("a"));
    CHECK(status.identity.user_name == "alice");
    CHECK(status.subscriptions == 1);
    CHECK(status.session_expiry_interval == 1000);
    REQUIRE(status.connection);
    CHECK(status.connection->transport == api::ClientTransport::WebSocket);
    CHECK(status.connection->address == "192.0.2.7:1");
    CHECK(status.connection->keep_alive == 60);
    CHECK(status.connection->connected_at_ms == kNow.ms);
}

TEST_CASE("pages of subscriptions") {
    OneShard one;
    for (const char* name : {"b", "a"}) {
        const ConnectionId id = one.connect(name);
        for (const char* filter : {"y", "x/+", "$share/group/x"})
            one.subscribe(id, filter);
    }
    api::SubscriptionQuery query;
    CHECK(one.subscriptions(query) == "a=x/+ a=y a=group:x b=x/+ b=y b=group:x ");
    query.count_max = 4;
    CHECK(one.subscriptions(query) == "a=x/+ a=y a=group:x b=x/+ ...");
    query.after = {"b", "", "x/+"};
    CHECK(one.subscriptions(query) == "b=y b=group:x ");
    query.after.reset();
    query.client_identifier = "b";
    CHECK(one.subscriptions(query) == "b=x/+ b=y b=group:x ");
    query.filter = "y";
    CHECK(one.subscriptions(query) == "b=y ");
    query.client_identifier = "nobody";
    CHECK(one.subscriptions(query).empty());
}

TEST_CASE("no step looks at all of many clients") {
    OneShard one;
    for (int i = 0; i < 12'000; ++i)
        one.connect("c" + std::to_string(i));
    one.clients(page_of(1000));
    CHECK(one.total() == 12'000);
    CHECK(one.steps() == 3);
    std::set<std::string> seen;
    std::string after;
    do {
        const std::string page = one.clients(page_of(1000, after));
        const size_t end = page.rfind(' ');
        after = page.substr(page.rfind(' ', end - 1) + 1, end - page.rfind(' ', end - 1) - 1);
        CHECK(seen.insert(after).second);
        if (!page.ends_with("...")) break;
    } while (seen.size() < 20);
    CHECK(seen.size() == 12);
    one.subscriptions({});
    CHECK(one.steps() == 3);
}

TEST_CASE("an operator ends clients") {
    OneShard one;
    one.connect("kept");
    one.connect("ended");
    CHECK_FALSE(one.shard().end_client("nobody", true, kNow));
    CHECK(one.shard().end_client("kept", false, kNow));
    CHECK(one.shard().end_client("ended", true, kNow));
    REQUIRE(one.shard().sessions().find("kept") != nullptr);
    CHECK(one.shard().sessions().find("kept")->connection == nullptr);
    CHECK(one.shard().sessions().find("ended") == nullptr);
    CHECK(one.shard().effects().closes.size() == 2);
    CHECK(one.shard().end_client("kept", true, kNow));
    CHECK(one.shard().sessions().size() == 0);
}

}  // namespace
}  // namespace runnel::shard
