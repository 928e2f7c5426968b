// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/session/stored_keys.h"
#include "broker/session/stored_session.h"
#include "broker/shard/outbox.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

// Puts the stored records back into the shards before they run: Sessions with their subscriptions, queues and
// exchanges, Wills that wait, and Retained Messages. Every record goes to the shard that owns its name now, whatever
// their number was before.
class Recovery {
public:
    // In this order, and within a kind in the order of the keys.
    static constexpr session::StoredKind kOrder[] = {
        session::StoredKind::Session,       session::StoredKind::Subscription, session::StoredKind::EndedQueue,
        session::StoredKind::Window,        session::StoredKind::Deliveries,   session::StoredKind::Retained,
        session::StoredKind::PublishedOnce, session::StoredKind::Run,          session::StoredKind::Watermark,
        session::StoredKind::Outbox};

    // The shards by index. All of them must not have had any input yet.
    Recovery(std::vector<Shard*> shards, Time now);

    // One record: false if it is none that is known; then it is left out.
    bool add(session::StoredKind kind, std::string_view key, std::string_view value);
    // After the last record: exchanges what the shards tell each other until there is silence.
    void finish();
    // To be stored, synced, before the shards run: it begins the new run and ends the one before.
    storage::WriteBatch take_batch();

    struct Found {
        uint64_t sessions = 0;
        uint64_t subscriptions = 0;
        uint64_t deliveries = 0;
        uint64_t retained_messages = 0;
        uint64_t unreadable = 0;
    };
    const Found& found() const { return found_; }

private:
    struct Subscribed {
        std::string filter;
        session::StoredSubscription stored;
    };
    // The Session whose records come one after another.
    struct Current {
        std::string client_identifier;
        Shard* shard = nullptr;
        SessionSlot* slot = nullptr;
        std::vector<Subscribed> subscribed;
        uint64_t ended_queues_end = 0;  // The deliveries before it are of Sessions of this client that have ended.
        bool knows_window = false;
        std::vector<uint64_t> window_numbers;  // Sorted.
        std::unordered_map<uint64_t, session::Delivery> in_window;
    };

    bool add_record(session::StoredKind kind, std::string_view name, std::string_view value);
    bool add_session(std::string_view client_identifier, std::string_view value);
    bool add_subscription(std::string_view filter, std::string_view value);
    bool add_ended_queue(std::string_view name, std::string_view value);
    bool add_window(std::string_view client_identifier, std::string_view value);
    struct Needed;
    Needed needed_of(uint64_t first, const std::vector<uint64_t>& sizes);
    bool add_deliveries(std::string_view number, std::string_view record);
    bool load(uint64_t first, const session::StoredSegment& segment, const Needed& needed);
    bool add_published_once(std::string_view name, std::string_view value);
    bool add_retained(std::string_view topic, std::string_view value);
    void turn_to(std::string_view client_identifier);
    void finish_current();
    void subscribe_all();
    void restore_window(SessionSlot& slot, session::StoredWindow& window);
    void join_groups(Shard& shard, SessionSlot& slot);
    void restore_timers(Shard& shard, SessionSlot& slot, const session::StoredSession& stored);
    void name_groups(Shard& shard);
    Shard& owner_of_client(std::string_view client_identifier) const;
    void exchange();
    bool add_watermark(std::string_view name, std::string_view value);
    bool add_outbox(std::string_view name, std::string_view value);
    bool has(PeerIndex receiver, const OutboxKey& key) const;
    void replay(const OutboxKey& key, const OutboxRecord& record);
    void replay_to_all(const OutboxKey& key, const mqtt::MessageRef& message);
    void replay_retained(const mqtt::MessageRef& message);

    std::vector<Shard*> shards_;
    Placement placement_;
    session::WallClock clock_;
    Time now_;
    Current current_;
    std::unordered_map<const SessionSlot*, session::StoredWindow> windows_;
    std::optional<Placement> last_run_;
    std::map<std::pair<PeerIndex, PeerIndex>, TurnNumber> watermarks_;  // By receiver and sender.
    std::vector<std::pair<OutboxKey, OutboxRecord>> outbox_;
    uint32_t replayed_ = 0;  // Retained Messages, which are in the order of their turns.
    Found found_;
};

}  // namespace runnel::shard
