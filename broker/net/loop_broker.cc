// SPDX-License-Identifier: Apache-2.0
#include "broker/net/loop_broker.h"

#include <algorithm>
#include <memory>

#include "broker/base/check.h"
#include "broker/base/least.h"

namespace runnel::net {
namespace {

api::AccessSubject subject_of(const api::LocalClient& client) {
    return {client.identity, client.client_identifier};
}

}  // namespace

void LoopBroker::authenticate(api::Credentials credentials,
                              std::function<void(const api::AuthenticationOutcome&)> done) {
    const api::AuthenticatorRef authenticator = shard_.authenticator();
    if (const auto outcome = authenticator->quick_check(credentials)) return done(*outcome);
    auto outcome = std::make_shared<api::AuthenticationOutcome>();
    if (work_.is_full()) {
        outcome->reason = mqtt::ReasonCode::ServerBusy;
        outcome->why = "too many logins at the same time";
        return done(*outcome);
    }
    work_.add([authenticator, credentials = std::move(credentials),
               outcome] { *outcome = authenticator->check(credentials); },
              [this, outcome, done = std::move(done)] {
                  if (!outcome->accepted()) counters_.logins_refused.add();
                  done(*outcome);
              });
}

bool LoopBroker::may_subscribe(const api::LocalClient& client, std::string_view filter) const {
    return shard_.access().may_subscribe(subject_of(client), filter);
}

bool LoopBroker::may_receive(const api::LocalClient& client, std::string_view topic) const {
    return shard_.access().may_receive(subject_of(client), topic);
}

bool LoopBroker::is_admin(const api::LocalClient& client) const {
    return shard_.access().is_admin(subject_of(client));
}

void LoopBroker::publish(const api::LocalClient& client, const api::LocalPublish& publish,
                         std::function<void(const api::LocalPublished&)> done) {
    const shard::LocalPublishNumber number = ++last_publish_;
    publishes_.emplace(number, std::move(done));
    shard_.publish_for(number, client, publish, now());
}

void LoopBroker::open_inboxes() {
    for (const api::Inbox& inbox : std::exchange(inboxes_to_open_, {}))
        shard_.open_inbox(inbox, now());
}

void LoopBroker::take_inbox(const api::Inbox& inbox, std::function<void(const std::vector<mqtt::MessageRef>&)> done) {
    const shard::InboxNumber number = ++last_inbox_;
    inboxes_.emplace(number, std::move(done));
    shard_.take_inbox(number, inbox, now());
}

void LoopBroker::take_answers(shard::Effects& effects) {
    const auto take = [](auto& from, auto& to) {
        if (to.empty())
            to.swap(from);
        else
            std::ranges::move(from, std::back_inserter(to));
    };
    take(effects.publish_answers, answers_);
    take(effects.inbox_answers, inbox_answers_);
}

void LoopBroker::give_answers() {
    for (const auto& [number, answer] : std::exchange(answers_, {})) {
        auto waiting = publishes_.extract(number);
        RUNNEL_CHECK(!waiting.empty());
        waiting.mapped()(answer);
    }
    for (const auto& [number, messages] : std::exchange(inbox_answers_, {})) {
        auto waiting = inboxes_.extract(number);
        RUNNEL_CHECK(!waiting.empty());
        waiting.mapped()(messages);
    }
}

mqtt::MessageRef LoopBroker::retained_message(std::string_view topic) const {
    mqtt::MessageRef found;
    if (mqtt::is_valid_topic_name(topic))
        shard_.retained_messages().match(topic, now(), [&](const mqtt::MessageRef& message) { found = message; });
    return found;
}

std::vector<mqtt::MessageRef> LoopBroker::retained_messages(const api::LocalClient& client, std::string_view filter,
                                                            std::string_view after, size_t count_max) const {
    const auto topic_of = [](const mqtt::MessageRef& message) { return message->topic(); };
    Least<mqtt::MessageRef, decltype(topic_of)> first(count_max, topic_of);
    shard_.retained_messages().match(filter, now(), [&](const mqtt::MessageRef& message) {
        const std::string_view topic = message->topic();
        if (topic > after && first.wants(topic) && may_receive(client, topic)) first.add(message);
    });
    return first.take();
}

uint32_t LoopBroker::remaining_expiry(const mqtt::ApplicationMessage& message) const {
    return message.remaining_expiry(now());
}

int64_t LoopBroker::wall_ms(const mqtt::ApplicationMessage& message) const {
    return shard_.clock().wall_ms(message.received_at());
}

void LoopBroker::read_history(api::HistoryQuery query, std::function<void(api::HistoryPage)> done) {
    RUNNEL_CHECK(history_ != nullptr);
    auto page = std::make_shared<api::HistoryPage>();
    work_.add([history = history_, query = std::move(query), page] { *page = history->messages(query); },
              [page, done = std::move(done)] { done(std::move(*page)); });
}

void LoopBroker::read_buckets(api::BucketQuery query, std::function<void(api::BucketPage)> done) {
    RUNNEL_CHECK(history_ != nullptr);
    auto page = std::make_shared<api::BucketPage>();
    work_.add([history = history_, query = std::move(query), page] { *page = history->buckets(query); },
              [page, done = std::move(done)] { done(std::move(*page)); });
}

}  // namespace runnel::net
