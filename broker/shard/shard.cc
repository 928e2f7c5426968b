// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/shard.h"

namespace runnel::shard {
namespace {

constexpr Duration kHousekeeping = Duration::seconds(5);

}  // namespace

Shard::Shard(Environment environment, Time start)
    : environment_(std::move(environment)),
      settings_(environment_.settings),
      counters_(environment_.counters),
      log_(environment_.log),
      now_(start),
      sessions_(environment_.placement.hash_seed),
      subscriptions_(environment_.placement.hash_seed),
      local_interest_(environment_.placement.hash_seed),
      local_storing_(environment_.placement.hash_seed),
      peer_interest_(environment_.placement.hash_seed),
      peer_storing_(environment_.placement.hash_seed),
      retained_(environment_.placement.hash_seed, {settings_.max_retained_messages, settings_.max_retained_bytes}),
      shared_(environment_.placement.hash_seed, settings_.share_strategy),
      fan_outs_(environment_.placement.hash_seed),
      receipts_(settings_.strongest_durability()),
      timers_(start),
      random_(environment_.random_seed) {
    effects_.tells.resize(environment_.placement.peer_count);
    if (environment_.stores && !settings_.history.empty())
        recorder_ = std::make_unique<history::Recorder>(settings_.history,
                                                        history::writer_number(environment_.run, environment_.self),
                                                        environment_.clock, environment_.placement.hash_seed);
    history_lasts_.resize(environment_.placement.peer_count);
    timers_.set(start + kHousekeeping, static_cast<uint8_t>(Timer::Housekeeping), 0);
}

Shard::~Shard() = default;

void Shard::time_advanced(Time now) {
    now_ = now;
    while (const auto fired = timers_.take_due(now))
        timer_fired(*fired, now);
    carry_out_deferred(now);
}

void Shard::timer_fired(const TimerWheel::Fired& fired, Time now) {
    switch (static_cast<Timer>(fired.kind)) {
        case Timer::Connection: {
            Connection& connection = connections_[fired.subject];
            connection.timer = TimerWheel::kNone;
            return connection_timer_fired(connection, now);
        }
        case Timer::SessionExpiry: {
            SessionSlot& slot = *sessions_.find(static_cast<routing::SubscriberId>(fired.subject));
            slot.expiry_timer = TimerWheel::kNone;
            counters_.sessions_expired.add();
            return end_session(slot, now);
        }
        case Timer::WillDelay: {
            SessionSlot& slot = *sessions_.find(static_cast<routing::SubscriberId>(fired.subject));
            slot.will_timer = TimerWheel::kNone;
            return publish_will(slot, now);
        }
        case Timer::Housekeeping: return keep_house(now);
    }
}

// What has no deadline of its own: expired Retained Messages give back their memory in small steps.
void Shard::keep_house(Time now) {
    constexpr size_t kExpireAtOnce = 1000;
    constexpr Duration kTombstonesKept = Duration::seconds(120);
    const size_t expired = retained_.expire(now, kExpireAtOnce);
    ask_again();
    read_ended_queue();
    forget_outdated_keys();
    retained_.forget_tombstones(now - kTombstonesKept);
    counters_.retained_messages.set(retained_.count());
    counters_.retained_bytes.set(retained_.bytes());
    counters_.dropped_expired.add(expired);
    if (recorder_) recorder_->keep_house(now);
    timers_.set(now + (expired == kExpireAtOnce ? Duration{TimerWheel::kTickMs} : kHousekeeping),
                static_cast<uint8_t>(Timer::Housekeeping), 0);
}

// Rights may have gone: what was merged with the old ones is asked again, and subscriptions that are no longer allowed
// stop delivering at once since may_receive is part of every FanOut.
void Shard::access_changed(api::AuthenticatorRef authenticator, api::AccessControlRef access, Time now) {
    now_ = now;
    environment_.authenticator = std::move(authenticator);
    environment_.access = std::move(access);
    routes_changed();
}

void Shard::drain(Time now) {
    now_ = now;
    for (Connection& connection : connections_) {
        if (!connection.in_use || connection.stage == Connection::Stage::Closing) continue;
        if (connection.is_connected())
            disconnect(connection, mqtt::ReasonCode::ServerShuttingDown, "the broker is stopping", now);
        else
            close(connection, Ending::WithoutWill, now);
    }
    carry_out_deferred(now);
}

bool Shard::may_log(Time now) {
    constexpr uint32_t kLinesPerSecond = 100;
    if (now - log_second_ >= Duration::seconds(1)) {
        if (log_lines_ > kLinesPerSecond)
            log_.warning("log lines caused by clients left out", {{"lines", log_lines_ - kLinesPerSecond}});
        log_second_ = now;
        log_lines_ = 0;
    }
    return ++log_lines_ <= kLinesPerSecond;
}

}  // namespace runnel::shard
