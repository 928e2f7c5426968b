// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/api/identity.h"
#include "broker/base/hash.h"
#include "broker/routing/subscription_tree.h"
#include "broker/session/session.h"
#include "broker/shard/timer_wheel.h"

namespace runnel::shard {

struct Connection;

// A Session and what the shard knows about it besides.
struct SessionSlot {
    session::Session session;
    routing::SubscriberId number = 0;
    Connection* connection = nullptr;  // Nothing while the client is away.
    api::Identity identity;
    Time disconnected_at{};  // While the client is away.
    TimerWheel::TimerId expiry_timer = TimerWheel::kNone;
    TimerWheel::TimerId will_timer = TimerWheel::kNone;
};

// The Sessions of one shard, by Client Identifier [MQTT-3.1.3-2] and by number.
class Sessions {
public:
    explicit Sessions(uint64_t hash_seed) : by_client_(16, Hash{hash_seed}) {}

    SessionSlot* find(std::string_view client_identifier) const {
        const auto at = by_client_.find(client_identifier);
        return at == by_client_.end() ? nullptr : at->second;
    }
    SessionSlot* find(routing::SubscriberId number) const {
        return number < slots_.size() ? slots_[number].get() : nullptr;
    }
    SessionSlot& make(std::string_view client_identifier) {
        routing::SubscriberId number = static_cast<routing::SubscriberId>(slots_.size());
        if (free_.empty()) {
            slots_.emplace_back();
        } else {
            number = free_.back();
            free_.pop_back();
        }
        slots_[number] = std::make_unique<SessionSlot>();
        SessionSlot& slot = *slots_[number];
        slot.number = number;
        slot.session.client_identifier = client_identifier;
        by_client_.emplace(slot.session.client_identifier, &slot);
        return slot;
    }
    void erase(SessionSlot& slot) {
        by_client_.erase(slot.session.client_identifier);
        const routing::SubscriberId number = slot.number;
        free_.push_back(number);
        slots_[number].reset();
    }
    size_t size() const { return by_client_.size(); }
    // All numbers are below.
    routing::SubscriberId number_end() const { return static_cast<routing::SubscriberId>(slots_.size()); }
    template <class Visit>
    void for_each(Visit visit) {
        for (size_t i = 0; i < slots_.size(); ++i)
            if (slots_[i]) visit(*slots_[i]);
    }
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& slot : slots_)
            if (slot) visit(static_cast<const SessionSlot&>(*slot));
    }

private:
    struct Hash {
        uint64_t seed;
        size_t operator()(std::string_view text) const { return hash_bytes(text, seed); }
    };
    std::vector<std::unique_ptr<SessionSlot>> slots_;
    std::vector<routing::SubscriberId> free_;
    std::unordered_map<std::string_view, SessionSlot*, Hash> by_client_;
};

}  // namespace runnel::shard
