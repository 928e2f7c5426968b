// SPDX-License-Identifier: Apache-2.0
// Publishes of clients of bridges under an idempotency key. The shard that owns the key publishes, whichever loop was
// asked: so the key is in the batch of the message, and a second one of the same key finds the first. To the other
// shards the message goes as one that comes once (outbox.cc).
#include "broker/session/stored_keys.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::ReasonCode;

namespace {

// Names a publish of this shard for a key; other publishes have numbers of the bridge.
constexpr LocalPublishNumber kOnce = LocalPublishNumber{1} << 63;
constexpr size_t kAskersMax = 100;

std::string key_of(std::string_view name) {
    return session::stored_key(session::StoredKind::PublishedOnce, name);
}

}  // namespace

bool Shard::is_published_once(LocalPublishNumber number) {
    return (number & kOnce) != 0;
}

void Shard::publish_once(LocalPublishNumber number, const api::LocalClient& client, const api::LocalPublish& publish) {
    const std::string name = idempotency_name(client, publish.idempotency_key);
    const PeerIndex owner = environment_.placement.owner_of_key(placing_part_of(name));
    if (owner == self()) return publish_once(IdempotencyKeys::Asker{self(), number}, client, publish);
    tell(owner, PublishOnceAsked{number, client, publish});
}

void Shard::receive(PeerIndex from, PublishOnceAsked& message, Time) {
    publish_once(IdempotencyKeys::Asker{from, message.number}, message.client, message.publish);
}

void Shard::receive(PeerIndex, PublishOnceAnswered& message, Time) {
    effects_.publish_answers.push_back({message.number, std::move(message.answer)});
}

// On the shard that owns the key.
void Shard::publish_once(IdempotencyKeys::Asker asker, const api::LocalClient& client,
                         const api::LocalPublish& publish) {
    const std::string name = idempotency_name(client, publish.idempotency_key);
    const uint64_t fingerprint = fingerprint_of(publish);
    forget_outdated_keys();
    if (IdempotencyKeys::Entry* entry = keys_.find(name)) return publish_again(*entry, fingerprint, asker);
    if (keys_.size() >= IdempotencyKeys::kCountMax)
        return answer(asker,
                      api::refusal(ReasonCode::ServerBusy, "too many requests with an Idempotency-Key are under way"));
    IdempotencyKeys::Entry entry;
    entry.fingerprint = fingerprint;
    entry.expires = now_ + IdempotencyKeys::kRememberedFor;
    entry.askers.push_back(asker);
    keys_.add(name, std::move(entry));
    const LocalPublishNumber number = kOnce | ++last_once_;
    published_once_.emplace(number, name);
    publish_now(number, client, publish);
}

void Shard::publish_again(IdempotencyKeys::Entry& entry, uint64_t fingerprint, IdempotencyKeys::Asker asker) {
    if (entry.fingerprint != fingerprint)
        return answer(asker, api::refusal(ReasonCode::PacketIdentifierInUse,
                                          "another message was published under this Idempotency-Key: take a new one"));
    if (entry.is_settled) {
        api::LocalPublished again = entry.answer;
        again.is_replay = true;
        return answer(asker, std::move(again));
    }
    if (entry.askers.size() < kAskersMax) return entry.askers.push_back(asker);
    answer(asker, api::refusal(ReasonCode::ServerBusy, "too many requests wait for this Idempotency-Key"));
}

// In the batch of the message: without the matches of other shards, which are not known yet.
void Shard::remember_publish(LocalPublishNumber number, const api::LocalPublished& answer) {
    const std::string& name = published_once_.at(number);
    IdempotencyKeys::Entry* entry = keys_.find(name);
    RUNNEL_CHECK(entry != nullptr);
    entry->answer = answer;
    record_.clear();
    encode(*entry, environment_.clock, record_);
    batch_.put(key_of(name), record_);
}

// What was refused may be tried again under the same key.
void Shard::settle_key(LocalPublishNumber number, api::LocalPublished published) {
    const std::string name = std::move(published_once_.extract(number).mapped());
    IdempotencyKeys::Entry* entry = keys_.find(name);
    RUNNEL_CHECK(entry != nullptr);
    const std::vector<IdempotencyKeys::Asker> askers = std::exchange(entry->askers, {});
    if (mqtt::is_error(published.reason)) {
        keys_.erase(name);
    } else {
        const bool is_more = published.matched != entry->answer.matched && !published.durability.empty();
        entry->is_settled = true;
        entry->answer = published;
        record_.clear();
        encode(*entry, environment_.clock, record_);
        if (is_more) batch_.put(key_of(name), record_);
    }
    for (const IdempotencyKeys::Asker& asker : askers) {
        answer(asker, published);
        published.is_replay = true;  // For the others.
    }
}

void Shard::answer(const IdempotencyKeys::Asker& asker, api::LocalPublished published) {
    if (asker.peer == self())
        effects_.publish_answers.push_back({asker.publish, std::move(published)});
    else
        tell(asker.peer, PublishOnceAnswered{asker.publish, std::move(published)});
}

void Shard::forget_outdated_keys() {
    while (const auto name = keys_.take_outdated(now_))
        if (environment_.stores) batch_.erase(key_of(*name));
}

}  // namespace runnel::shard
