// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/api/access_control.h"
#include "broker/api/authenticator.h"
#include "broker/api/local_client.h"
#include "broker/base/counters.h"
#include "broker/base/log.h"
#include "broker/base/random.h"
#include "broker/base/secret_source.h"
#include "broker/history/recorder.h"
#include "broker/mqtt/decoder.h"
#include "broker/mqtt/topic.h"
#include "broker/routing/peer_interest.h"
#include "broker/routing/retained_messages.h"
#include "broker/routing/shared_subscriptions.h"
#include "broker/routing/subscription_tree.h"
#include "broker/session/ended_queue.h"
#include "broker/session/stored_queue.h"
#include "broker/shard/connection.h"
#include "broker/shard/effects.h"
#include "broker/shard/fan_out.h"
#include "broker/shard/idempotency_keys.h"
#include "broker/shard/incoming.h"
#include "broker/shard/output.h"
#include "broker/shard/placement.h"
#include "broker/shard/publish_encoder.h"
#include "broker/shard/receipts.h"
#include "broker/shard/sessions.h"
#include "broker/shard/settings.h"
#include "broker/shard/timer_wheel.h"

namespace runnel::shard {

struct OutboxRecord;

// What a shard is given for its whole life. The references must outlive it.
struct Environment {
    Settings settings;
    Placement placement;
    PeerIndex self = 0;
    uint64_t random_seed = 0;
    SecretSource& secrets;
    Counters& counters;
    LogSink& log;
    api::AuthenticatorRef authenticator;
    api::AccessControlRef access;
    bool stores = false;  // Whether there is a store: else Sessions and Retained Messages are in memory only.
    session::WallClock clock{};
    uint32_t run = 0;  // Of the broker, counted: no two starts with the same store have the same.
};

// The broker of one event loop, without the loop: inputs are calls, outputs are effects and encoded bytes. Owns its
// connections, its Sessions and their subscriptions. Touched by one thread; reads no clock and does no I/O. Times that
// are given must not go back.
class Shard {
public:
    Shard(Environment environment, Time start);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    // ---- Inputs.
    ConnectionId connection_opened(PeerAddress address, Time now);
    void bytes_received(ConnectionId connection, std::span<const uint8_t> bytes, Time now);
    // The transport has failed or the client has closed it.
    void connection_lost(ConnectionId connection, Time now);
    void peer_messages_received(PeerIndex from, PeerMessages messages, Time now);
    void authentication_answered(ConnectionId connection, api::AuthenticationOutcome outcome, Time now);
    // A publish of the broker itself.
    void publish_locally(const api::LocalPublish& publish, Time now);
    // Makes the Session, if this shard owns it.
    void open_inbox(const api::Inbox& inbox, Time now);
    // What waits in it comes as Effects::AnswerInbox; what came the time before is gone, unless it was given back.
    void take_inbox(InboxNumber number, const api::Inbox& inbox, Time now);
    void give_back_inbox(const api::Inbox& inbox, Time now);
    // A publish of a client of a bridge; the answer is an effect, with the number. No two open ones have the same.
    void publish_for(LocalPublishNumber number, const api::LocalClient& client, const api::LocalPublish& publish,
                     Time now);
    void access_changed(api::AuthenticatorRef authenticator, api::AccessControlRef access, Time now);
    // Disconnects every client (0x8B); their Wills are published.
    void drain(Time now);
    // An operator disconnects a client (0x98), and ends its Session if wanted. False if there is no such Session.
    bool end_client(std::string_view client_identifier, bool ends_session, Time now);
    void time_advanced(Time now);
    // The batch with this ticket and all before it are as durable as they were asked to be.
    void batch_stored(StoreTicket ticket, Time now);
    // The answer to Effects::Read.
    void deliveries_read(const DeliveriesRead& answer, Time now);
    // The store takes nothing more for now, and why: then what would have to be stored is refused (MQTT 5) or left
    // unanswered (MQTT 3), and the rest goes on. An empty text: it takes everything again.
    void store_refuses(std::string why, Time now);
    // Completes the effects of the turn with what has to be stored. The driver calls it before it carries them out, and
    // again if what it wrote meanwhile has changed something.
    void end_turn(Time now);
    bool has_changes() const {
        const bool stores = store_refusal_.empty() && (!changed_sessions_.empty() || !batch_.empty());
        return stores || !effects_.reads.empty() || !effects_.history_reads.empty();
    }
    // The page that an Effects::ReadHistory asked for.
    void history_read(ConnectionId connection, uint64_t number, api::HistoryPage page, Time now);
    std::optional<Time> next_deadline() const { return timers_.next_deadline(); }

    // ---- Outputs.
    // Connections that have output, each once. Writing may make more: call again until there is none.
    std::vector<ConnectionId> take_writes();
    // Everything encoded so far was written, or is kept because its socket is full.
    void writes_done() { arena_.turn_ended(); }
    Effects& effects() { return effects_; }
    // The effects were carried out: forgets them and what they ended.
    void effects_done();
    // What connection has to send; nothing if its id is dead.
    size_t gather_output(ConnectionId connection, std::span<std::string_view> pieces) const;
    // `size` bytes went out; socket_full if the rest has to wait until the driver calls again.
    void output_written(ConnectionId connection, size_t size, bool socket_full, Time now);
    size_t turn_bytes() const { return arena_.turn_bytes(); }

    // ---- For tests, $SYS and admin interfaces.
    const Sessions& sessions() const { return sessions_; }
    const routing::SubscriptionTree& subscriptions() const { return subscriptions_; }
    const routing::RetainedMessages& retained_messages() const { return retained_; }
    size_t connection_count() const { return connection_count_; }
    // Bytes that were received and wait for the rest of a packet, or behind a packet that waits for an answer.
    size_t unhandled_input(ConnectionId connection) const;
    const api::AuthenticatorRef& authenticator() const { return environment_.authenticator; }
    const api::AccessControl& access() const { return *environment_.access; }
    const session::WallClock& clock() const { return environment_.clock; }

private:
    friend class Recovery;
    enum class Timer : uint8_t { Connection, SessionExpiry, WillDelay, Housekeeping };
    enum class Ending : uint8_t { WithWill, WithoutWill };
    // connections.cc: the life of connections, and what they send.
    Connection* find(ConnectionId id);
    const Connection* find(ConnectionId id) const;
    size_t decode_from(Connection& connection, std::span<const uint8_t> bytes, Time now);
    void resume_input(Connection& connection, Time now);
    void stall(Connection& connection);
    void set_reading(Connection& connection, bool wanted);
    bool may_handle_more(const Connection& connection) const;
    void send(Connection& connection, const Segment& segment);
    void send_packet(Connection& connection);  // What is in scratch_.
    bool client_accepts(Connection& connection, size_t size);
    void close(Connection& connection, Ending ending, Time now);
    void close_when_stored(Connection& connection, Time now);
    void end_part(Connection& connection, Ending ending, Time now);
    void close_transport(Connection& connection);
    void disconnect(Connection& connection, mqtt::ReasonCode reason, std::string_view why, Time now);
    void free_connection(Connection& connection);
    void watch_keep_alive(Connection& connection, Time now);
    void connection_timer_fired(Connection& connection, Time now);
    void carry_out_deferred(Time now);

    // packets.cc: one packet to its handler.
    void handle_packet(Connection& connection, const mqtt::Frame& frame, Time now);
    void handle_early_packet(Connection& connection, const mqtt::Frame& frame, Time now);
    bool refuse(Connection& connection, const mqtt::DecodeError& error, Time now);
    void handle_pingreq(Connection& connection, const mqtt::Frame& frame, Time now);
    void handle_disconnect(Connection& connection, const mqtt::Frame& frame, Time now);
    void log_packet(const Connection& connection, std::string_view direction, const mqtt::Frame& frame) const;

    // handle_connect.cc
    void handle_connect(Connection& connection, const mqtt::Frame& frame, std::string_view rest, Time now);
    void refuse_connect(Connection& connection, mqtt::ReasonCode reason, std::string_view why, Time now,
                        std::string_view cause = {});
    void refuse_unrecognized(Connection& connection, const mqtt::ConnectRefusal& refusal, Time now);
    std::optional<std::pair<mqtt::ReasonCode, const char*>> find_fault(const mqtt::Connect& connect) const;
    std::string assigned_client_identifier();
    void authenticate(Connection& connection, const mqtt::Connect& connect, Time now);
    void finish_connect(Connection& connection, api::Identity identity, Time now);
    bool may_have_will(const mqtt::Connect& connect, const api::Identity& identity) const;
    SessionSlot* session_for(Connection& connection, const mqtt::Connect& connect, const api::Identity& identity,
                             bool& session_present, Time now);
    struct Welcome {
        bool session_present = false;
        bool waits = false;  // Something has to be stored before the client may know.
    };
    void accept_connect(Connection& connection, const mqtt::Connect& connect, SessionSlot& slot, Welcome welcome,
                        Time now);
    void send_connack(Connection& connection, const mqtt::Connect& connect, const SessionSlot& slot, Welcome welcome,
                      uint16_t keep_alive);
    api::Credentials credentials_of(const Connection& connection, const mqtt::Connect& connect) const;

    // handle_auth.cc
    void begin_exchange(Connection& connection, const mqtt::Connect& connect, Time now);
    void continue_exchange(Connection& connection, api::AuthenticationStep step, Time now);
    void handle_auth(Connection& connection, const mqtt::Frame& frame, Time now);
    void handle_early_auth(Connection& connection, const mqtt::Frame& frame, Time now);
    void send_auth(Connection& connection, mqtt::ReasonCode reason, std::string_view authentication_data);
    std::string exchange_seed();

    // handle_publish.cc
    void handle_publish(Connection& connection, const mqtt::Frame& frame, Time now);
    void publish_repeated(Connection& connection, const mqtt::Publish& publish);
    bool resolve_alias(Connection& connection, mqtt::Publish& publish, Time now);
    bool check_publish(Connection& connection, mqtt::Publish& publish, Time now);
    struct Refusal {
        mqtt::ReasonCode reason;
        const char* why;
    };
    std::optional<Refusal> find_refusal(const api::AccessSubject& subject, std::string_view topic,
                                        std::string_view payload, bool says_utf8) const;
    void publish_refused(Connection& connection, const mqtt::Publish& publish, mqtt::ReasonCode reason,
                         std::string_view why);
    void acknowledge(Connection& connection, mqtt::PacketType type, mqtt::PacketIdentifier identifier,
                     mqtt::ReasonCode reason, std::string_view why = {}, bool waits = false);
    void send_acknowledgement(Connection& connection, mqtt::PacketType type, mqtt::PacketIdentifier identifier,
                              mqtt::ReasonCode reason, std::string_view why);

    // local_publish.cc: publishes of bridges.
    std::optional<api::LocalPublished> find_local_fault(const api::LocalClient& client,
                                                        const api::LocalPublish& publish) const;
    void publish_now(LocalPublishNumber number, const api::LocalClient& client, const api::LocalPublish& publish);
    bool promises_storage(LocalPublishNumber number, const Incoming& incoming);
    void route_local(LocalPublishNumber number, Incoming& incoming);
    uint64_t count_matches(std::string_view topic);
    void finish_publish(LocalPublishNumber number);
    void answer_publish(LocalPublishNumber number, api::LocalPublished answer);
    // inbox.cc
    SessionSlot* session_of(const api::Inbox& inbox);
    void subscribe_inbox(SessionSlot& slot, const std::string& filter);
    std::vector<mqtt::MessageRef> take_from(const api::Inbox& inbox);
    void forget_given(SessionSlot& slot);
    // publish_once.cc
    static bool is_published_once(LocalPublishNumber number);
    void publish_once(LocalPublishNumber number, const api::LocalClient& client, const api::LocalPublish& publish);
    void publish_once(IdempotencyKeys::Asker asker, const api::LocalClient& client, const api::LocalPublish& publish);
    void publish_again(IdempotencyKeys::Entry& entry, uint64_t fingerprint, IdempotencyKeys::Asker asker);
    void remember_publish(LocalPublishNumber number, const api::LocalPublished& answer);
    void settle_key(LocalPublishNumber number, api::LocalPublished published);
    void answer(const IdempotencyKeys::Asker& asker, api::LocalPublished published);
    void forget_outdated_keys();

    // handle_publish_ack.cc
    void handle_publish_ack(Connection& connection, const mqtt::Frame& frame, Time now);
    void handle_puback(Connection& connection, const mqtt::PublishAck& ack, Time now);
    void handle_pubrec(Connection& connection, const mqtt::PublishAck& ack, Time now);
    void handle_pubrel(Connection& connection, const mqtt::PublishAck& ack);
    void handle_pubcomp(Connection& connection, const mqtt::PublishAck& ack, Time now);
    void finish(Connection& connection, session::OutboundWindow::Entry& entry, Time now);

    // handle_subscribe.cc
    void handle_subscribe(Connection& connection, const mqtt::Frame& frame, Time now);
    void carry_out_subscribe(Connection& connection, const mqtt::Subscribe& subscribe,
                             const std::vector<mqtt::ReasonCode>& reasons, Time now);
    uint32_t begin_subscribe(SessionSlot& slot, const mqtt::Subscribe& subscribe,
                             const std::vector<mqtt::ReasonCode>& reasons, ReceiptId receipt);
    void abandon_subscribe(Connection& connection);
    void subscribe_confirmed(Connection& connection, Time now);
    void refuse_replay(const Connection& connection, const mqtt::Subscribe& subscribe,
                       std::vector<mqtt::ReasonCode>& reasons);
    mqtt::ReasonCode check_filter(const Connection& connection, const mqtt::SubscriptionRequest& request);
    void handle_unsubscribe(Connection& connection, const mqtt::Frame& frame, Time now);
    mqtt::ReasonCode unsubscribe(SessionSlot& slot, std::string_view filter, ReceiptId receipt, uint32_t& outstanding);
    void send_retained(SessionSlot& slot, std::string_view filter, const mqtt::SubscriptionOptions& options,
                       uint32_t subscription_identifier, Time now);

    // replay.cc: what was kept, for a new subscription.
    void add_replay(Connection& connection, const mqtt::Subscribe& subscribe,
                    const std::vector<mqtt::ReasonCode>& reasons, ReplayRequest request);
    void note_live(Connection& connection, const mqtt::ApplicationMessage& message);
    void begin_replays(Connection& connection, Time now);
    void bound(Replay& replay, Time now);
    bool replay_is_over(Connection& connection, Time now);
    bool replay_page(Connection& connection, Replay& replay, Time now);
    bool is_for_replay(const Connection& connection, const Replay& replay, const api::HistoryMessage& message) const;
    void send_replayed(Connection& connection, const Replay& replay, const api::HistoryMessage& message, Time now);

    // interest.cc: what this shard asks of its peers.
    uint32_t begin_interest(std::string_view filter, bool stores, ReceiptId receipt);
    void end_interest(std::string_view filter, bool stores);
    void end_storing(std::string_view filter);
    void withdraw(routing::InterestKey key, bool only_storing);
    uint32_t announce(std::optional<routing::InterestKey> key, bool stores, ReceiptId receipt);
    ReceiptId new_receipt(ConnectionId connection);
    void confirmed(ReceiptId receipt, Time now);
    void tell(PeerIndex peer, PeerMessage message) { effects_.tells[peer].push_back(std::move(message)); }
    PeerIndex self() const { return environment_.self; }
    uint32_t peer_count() const { return environment_.placement.peer_count; }
    routing::PeerMask everybody_else() const {
        return ~routing::PeerMask{0} >> (64 - peer_count()) & ~(routing::PeerMask{1} << self());
    }

    // route.cc: from a publish to everybody who wants it.
    bool route(Incoming& incoming);
    void deliver_locally(const FanOut& fan_out, Incoming& incoming);
    FanOut& fan_out_of(std::string_view topic);
    void merge_targets(FanOut& fan_out);
    std::optional<Target> target_without_no_local(SessionSlot& slot, std::string_view topic);
    void forward(Incoming& incoming, routing::PeerMask peers, routing::RetainedStamp stamp);
    routing::RetainedStamp next_stamp(Time now);
    void store_retained(Incoming& incoming, routing::RetainedStamp stamp);
    void routes_changed() { ++generation_; }
    void record_history(const history::Rule& rule, Incoming& incoming);

    // deliver.cc: one message to one Session.
    void deliver(SessionSlot& slot, Incoming& incoming, const session::SubscriptionIdentifiers& identifiers,
                 mqtt::QoS qos, bool retain, session::SharedOrigin origin);
    void deliver_at_most_once(SessionSlot& slot, Incoming& incoming,
                              const session::SubscriptionIdentifiers& identifiers, bool retain,
                              session::SharedOrigin origin);
    bool has_room(const Connection& connection) const;
    bool output_has_room(const Connection& connection) const;
    bool socket_has_room(const Connection& connection) const;
    void send_at_most_once(Connection& connection, const session::Delivery& delivery, Time now);
    void hold_live(SessionSlot& slot, session::Delivery delivery);
    void enqueue(SessionSlot& slot, session::Delivery delivery);
    void enqueue_at_most_once(Connection& connection, session::Delivery delivery);
    void send_from_window(Connection& connection, session::Delivery delivery, Incoming* incoming, Time now);
    void use_alias(const Connection& connection, OutgoingPublish& publish) const;
    bool send_publish(Connection& connection, OutgoingPublish& publish, Incoming* incoming);
    void send_sized(Connection& connection, const OutgoingPublish& publish, const PublishSize& size,
                    Incoming* incoming);
    void deliver_waiting(Connection& connection, Time now);
    void resend(Connection& connection, Time now);
    void send_when_stored(Connection& connection, mqtt::PacketIdentifier identifier);
    bool send_entry(Connection& connection, session::OutboundWindow::Entry& entry, Time now);
    void let_go(session::Delivery& delivery, SessionSlot& slot);
    void count_drop(Counter& counter, const SessionSlot& slot, std::string_view topic, const char* why);

    // shared.cc: Shared Subscriptions, as the owner of a group and as the shard of a member.
    uint32_t join_shared(SessionSlot& slot, const mqtt::ParsedFilter& filter, const mqtt::SubscriptionOptions& options,
                         uint32_t subscription_identifier, ReceiptId receipt);
    uint32_t enter_group(const SessionSlot& slot, const session::SharedMembership& membership, ReceiptId receipt);
    uint32_t enter_group(std::string_view share_name, std::string_view filter, const routing::MemberState& member,
                         ReceiptId receipt);
    bool leave_shared(SessionSlot& slot, const mqtt::ParsedFilter& filter, ReceiptId receipt, uint32_t& outstanding);
    uint32_t tell_left(const SessionSlot& slot, const session::SharedMembership& membership, ReceiptId receipt);
    void member_changed(const SessionSlot& slot, bool connected);
    void dispatch(routing::GroupId group, Incoming& incoming, std::optional<routing::Member> excluding);
    void deliver_shared(PeerIndex owner, const SharedDelivery& delivery);
    void return_delivery(const SessionSlot& slot, const session::Delivery& delivery);
    void return_queued(SessionSlot& slot, std::optional<uint32_t> sequence = std::nullopt);
    void return_all(SessionSlot& slot);
    void shared_finished(const session::Delivery& delivery, routing::SubscriberId subscriber);
    void group_member_left(std::string_view share_name, std::string_view filter, routing::Member member);

    // peers.cc
    void receive(PeerIndex from, InterestAnnounced& message, Time now);
    void receive(PeerIndex from, InterestWithdrawn& message, Time now);
    void receive(PeerIndex from, Confirmed& message, Time now);
    void receive(PeerIndex from, MessagesForwarded& message, Time now);
    void receive(PeerIndex from, MessageForwarded& message, Time now);
    void receive(PeerIndex from, StoredAsked& message, Time now);
    void receive(PeerIndex from, StoredAnswered& message, Time now);
    void receive(PeerIndex from, SharedJoined& message, Time now);
    void receive(PeerIndex from, SharedLeft& message, Time now);
    void receive(PeerIndex from, SharedMemberChanged& message, Time now);
    void receive(PeerIndex from, SharedDelivery& message, Time now);
    void receive(PeerIndex from, SharedReturned& message, Time now);
    void receive(PeerIndex from, SharedLeftOver& message, Time now);
    void receive(PeerIndex from, PublishOnceAsked& message, Time now);
    void receive(PeerIndex from, InboxAsked& message, Time now);
    void receive(PeerIndex from, InboxAnswered& message, Time now);
    void receive(PeerIndex from, InboxGivenBack& message, Time now);
    void receive(PeerIndex from, PublishOnceAnswered& message, Time now);
    void receive(PeerIndex from, SharedFinished& message, Time now);
    void receive(PeerIndex from, MatchesAsked& message, Time now);
    void receive(PeerIndex from, MatchesAnswered& message, Time now);

    // promises.cc: what is held back until it is stored.
    void send_or_hold(Connection& connection, bool waits);  // What is in scratch_.
    void release(Connection& connection, Time now);
    void go_on(Connection& connection, Time now);
    void send_stored(Time now);
    void settle_receipts();
    storage::Durability durability_of(std::string_view topic) const;
    bool is_kept_in_memory(std::string_view topic) const { return durability_of(topic) == storage::Durability::Memory; }
    bool has_to_be_stored(const Incoming& incoming);

    // journal.cc: what is stored.
    void store_or_drop(SessionSlot& slot);
    void mark_changed(SessionSlot& slot);
    void note_session(SessionSlot& slot);
    void store_session(SessionSlot& slot);
    void store_window(SessionSlot& slot);
    void promise_window(SessionSlot& slot);
    void store_delivery(SessionSlot& slot, session::Delivery& delivery);
    void forget_delivery(SessionSlot& slot, session::Delivery& delivery);
    void store_subscription(const SessionSlot& slot, std::string_view filter, const mqtt::SubscriptionOptions& options,
                            uint32_t subscription_identifier);
    void erase_subscription(const SessionSlot& slot, std::string_view filter);
    void erase_session(SessionSlot& slot);
    void store_retained_message(const Incoming& incoming);
    void write_session(SessionSlot& slot);
    void write_changes();
    void gather_batch();

    // paging.cc: queues that are in the store for the most part.
    const session::SessionQueue::Budget& page_budget(const SessionSlot& slot) const;
    void page_when_stored(SessionSlot& slot);
    void page_stored(StoreTicket stored);
    void read_paged(SessionSlot& slot);
    void name_origins(SessionSlot& slot);
    void ask_again();
    void drop_oldest(SessionSlot& slot);
    // ended_queues.cc
    void keep_ended_queue(SessionSlot& slot);
    uint64_t end_of_ended_queues(std::string_view client_identifier) const;
    void erase_deliveries(std::string_view client_identifier, uint64_t begin, uint64_t end);
    void read_ended_queue();
    void ended_queue_read(const DeliveriesRead& answer);
    void give_to_others(const session::EndedQueue& queue, uint64_t number, std::string_view record);
    void give_to_group(const session::EndedQueue::Membership& membership, const mqtt::MessageRef& message);
    void dispatch_returned(std::string_view share_name, std::string_view filter, const mqtt::MessageRef& message);
    // outbox.cc
    void keep_until_stored(const Incoming& incoming);
    void keep_until_stored(const mqtt::MessageRef& message, std::string_view share_name, std::string_view filter,
                           PeerIndex receiver);
    void keep_until_stored(const OutboxRecord& record);
    void write_watermark(PeerIndex sender, TurnNumber turn);

    // session_life.cc
    void detach(Connection& connection, Ending ending, Time now);
    void end_session(SessionSlot& slot, Time now);
    void publish_will(SessionSlot& slot, Time now);
    void set_expiry_timer(SessionSlot& slot, Time now);
    void timer_fired(const TimerWheel::Fired& fired, Time now);
    void keep_house(Time now);
    api::AccessSubject subject_of(const SessionSlot& slot) const {
        return {slot.identity, slot.session.client_identifier};
    }

    // A limit for lines that clients can cause: true if one more may be written now.
    bool may_log(Time now);

    Environment environment_;
    const Settings& settings_;
    Counters& counters_;
    Log log_;
    Time now_;  // Of the input that is being handled.

    OutputArena arena_;  // Outlives the connections, whose output lies in it.
    OutputPool outputs_{arena_};
    std::string scratch_;

    std::deque<Connection> connections_;  // Never moved: Sessions point to them.
    std::vector<uint32_t> free_connections_;
    std::vector<uint32_t> ended_connections_;  // Freed when the effects are done.
    size_t connection_count_ = 0;

    Sessions sessions_;
    routing::SubscriptionTree subscriptions_;
    // Of all subscriptions, and of those of stored Sessions among them.
    routing::LocalInterest local_interest_;
    routing::LocalInterest local_storing_;
    routing::PeerInterest peer_interest_;
    routing::PeerInterest peer_storing_;
    routing::RetainedMessages retained_;
    routing::SharedSubscriptions shared_;
    FanOutCache fan_outs_;
    uint64_t generation_ = 1;
    std::vector<routing::Subscription> matches_;  // Scratch of fan_out_of.
    routing::RetainedStamp last_stamp_{};

    struct Question {
        ConnectionId connection;
        // A peer's SharedJoined that waits for this shard's own announcement.
        bool for_peer = false;
        PeerIndex peer = 0;
        ReceiptId peer_receipt = 0;
        uint32_t outstanding = 0;
    };
    std::unordered_map<ReceiptId, Question> questions_;
    ReceiptId next_receipt_ = 1;
    uint32_t next_membership_ = 1;
    uint32_t unconfirmed_announcements_ = 0;

    Receipts receipts_;
    storage::WriteBatch batch_;  // Of this turn.
    std::string record_;         // Scratch.
    StoreTicket last_ticket_ = 0;
    std::vector<routing::SubscriberId> changed_sessions_;
    // QoS 2 messages in a window that are sent when the batch with this ticket is stored.
    struct Unsent {
        StoreTicket ticket = 0;
        ConnectionId connection;
        mqtt::PacketIdentifier packet_identifier = 0;
    };
    std::deque<Unsent> unsent_;
    // Sessions whose queue is too long for memory, each with the ticket that lets more of it go.
    std::deque<std::pair<StoreTicket, routing::SubscriberId>> to_page_;
    std::vector<routing::SubscriberId> failed_reads_;
    uint64_t last_read_ = 0;
    std::deque<session::EndedQueue> ended_queues_;  // The first one is being read.
    uint64_t ended_queue_read_ = 0;                 // The question to the store, or 0.
    bool is_recovering_ = false;
    bool is_sending_retained_ = false;  // To a new subscription.
    std::string store_refusal_;         // Why the store takes nothing; empty if it does.
    bool peers_store_ = false;          // Some peer has had stored Sessions that subscribe.

    std::unordered_map<LocalPublishNumber, api::LocalPublished> local_publishes_;  // That are not answered yet.
    // What the last answer of an inbox held, by Client Identifier.
    std::unordered_map<std::string, std::vector<mqtt::MessageRef>> inbox_given_;
    IdempotencyKeys keys_;
    std::unordered_map<LocalPublishNumber, std::string> published_once_;  // Under way: names in keys_.
    LocalPublishNumber last_once_ = 0;

    std::unique_ptr<history::Recorder> recorder_;  // Nothing if nothing is kept.
    std::vector<api::HistoryId> history_lasts_;    // By peer: what it had recorded when it last answered.
    uint64_t next_replay_ = 1;

    std::vector<std::pair<ConnectionId, mqtt::ReasonCode>> deferred_;
    TimerWheel timers_;
    Random random_;
    Effects effects_;
    std::vector<ConnectionId> writes_;
    Time log_second_{};
    uint32_t log_lines_ = 0;
};

}  // namespace runnel::shard
