// SPDX-License-Identifier: Apache-2.0
#include "broker/net/event_loop.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "broker/base/check.h"
#include "broker/net/socket.h"
#include "broker/net/stream.h"

namespace runnel::net {
namespace {

constexpr Duration kDrainTime{2000};
constexpr Duration kHeldBack{1};

template <class Handle>
uv_handle_t* base_of(Handle& handle) {
    return reinterpret_cast<uv_handle_t*>(&handle);
}

}  // namespace

Time monotonic_now() {
    return {static_cast<int64_t>(uv_hrtime() / 1'000'000)};
}

EventLoop::EventLoop(const Settings& settings, const shard::Settings& shard_settings, shard::Placement placement,
                     uint64_t random_seed, Counters& counters, api::AuthenticatorRef authenticator,
                     api::AccessControlRef access)
    : settings_(settings), log_(settings.log), read_buffer_(new char[kReadBufferSize]) {
    RUNNEL_CHECK(uv_loop_init(&loop_) == 0);
    loop_.data = this;
    RUNNEL_CHECK(uv_async_init(&loop_, &wake_up_, [](uv_async_t* wake_up) {
                     static_cast<EventLoop*>(wake_up->loop->data)->take_mail();
                 }) == 0);
    uv_check_init(&loop_, &turn_end_);
    uv_check_start(&turn_end_, [](uv_check_t* check) { static_cast<EventLoop*>(check->loop->data)->end_turn(); });
    uv_timer_init(&loop_, &timer_);
    uv_timer_init(&loop_, &stream_look_);
    uv_timer_init(&loop_, &filter_look_);
    shard_ = std::make_unique<shard::Shard>(
        shard::Environment{shard_settings, placement, settings.index, random_seed, secrets_, counters, settings.log,
                           std::move(authenticator), std::move(access), settings.store != nullptr, settings.clock,
                           settings.run},
        now());
    work_ = std::make_unique<WorkQueue>(loop_);
    local_broker_ = std::make_unique<LoopBroker>(loop_, *work_, *shard_, counters, settings.history);
}

EventLoop::~EventLoop() {
    uv_loop_close(&loop_);
}

void EventLoop::meet(std::vector<EventLoop*> peers) {
    peers_ = std::move(peers);
    uv_update_time(&loop_);
    local_broker_->open_inboxes();
    carry_out_effects();
    store_changes();
}

void EventLoop::start() {
    thread_ = std::thread([this] { run(); });
}

void EventLoop::join() {
    if (thread_.joinable()) thread_.join();
}

std::chrono::nanoseconds EventLoop::busy_time() {
    clockid_t clock{};
    timespec time{};
    if (pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || clock_gettime(clock, &time) != 0) return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void EventLoop::run() {
    uv_update_time(&loop_);
    arm_timer();
    uv_run(&loop_, UV_RUN_DEFAULT);
    mailbox_.close();
    for (Envelope& left : mailbox_.take())
        if (auto* connection = std::get_if<HandedOver>(&left)) close(connection->descriptor);
}

void EventLoop::take_mail() {
    for (Envelope& envelope : mailbox_.take())
        std::visit([this](auto& content) { receive(content); }, envelope);
}

void EventLoop::receive(PeerBatch& batch) {
    shard_->peer_messages_received(batch.from, std::move(batch.messages), now());
    if (shard_->turn_bytes() > kFlushAbove) flush();
}

void EventLoop::receive(HandedOver& connection) {
    adopt(std::move(connection));
}

void EventLoop::receive(api::LocalPublish& publish) {
    shard_->publish_locally(publish, now());
}

void EventLoop::receive(AccessChanged& change) {
    shard_->access_changed(std::move(change.authenticator), std::move(change.access), now());
    local_broker_->users_changed();
}

void EventLoop::receive(Stored& stored) {
    shard_->batch_stored(stored.ticket, now());
}

void EventLoop::receive(StoreRefuses& refusal) {
    shard_->store_refuses(std::move(refusal.why), now());
}

void EventLoop::receive(Task& task) {
    task.carry_out(*shard_, now());
}

void EventLoop::receive(shard::DeliveriesRead& answer) {
    shard_->deliveries_read(answer, now());
}

void EventLoop::receive(Drain& drain) {
    if (draining_) return;  // A peer wakes this loop.
    draining_ = true;
    drain_rounds_ = std::move(drain.rounds);
    drain_deadline_ = now() + kDrainTime;
    for (const auto& listener : listeners_) {
        uv_close(base_of(listener->poll), nullptr);
        uv_close(base_of(listener->pause), nullptr);
        close(listener->descriptor);
    }
    shard_->drain(now());
}

// The only place where effects are carried out; runs after every poll, whatever woke the loop.
void EventLoop::end_turn() {
    shard_->time_advanced(now());
    flush();
    while (!lost_.empty()) {
        for (const shard::ConnectionId id : std::exchange(lost_, {}))
            shard_->connection_lost(id, now());
        flush();
    }
    carry_out_effects();
    store_changes();
    while (local_broker_->has_answers() || !awake_streams_.empty()) {
        local_broker_->give_answers();
        go_on_with_awake_streams();
        flush();
        carry_out_effects();
        store_changes();
    }
    end_lingering(false);
    if (!held_back_.empty()) go_on_reading();
    if (!lost_.empty()) uv_async_send(&wake_up_);  // By the last writes of this turn.
    if (draining_) finish_if_drained();
    arm_timer();
}

void EventLoop::carry_out_effects() {
    shard::Effects& effects = shard_->effects();
    for (auto& hand_over : effects.hand_overs) {
        std::unique_ptr<Socket> socket = detach(hand_over.connection);
        if (!socket) continue;
        HandedOver connection;
        connection.address = std::move(hand_over.address);
        connection.bytes = std::move(hand_over.bytes);
        connection.counted = std::move(socket->counted);
        connection.filter = std::move(socket->filter);
        connection.outside = std::move(socket->outside);
        connection.descriptor = stop_polling(std::move(socket));
        peers_[hand_over.owner]->post(std::move(connection));
    }
    for (const shard::ConnectionId id : effects.closes)
        if (std::unique_ptr<Socket> socket = detach(id)) close_gently(std::move(socket));
    std::vector<shard::ConnectionId> too_many;
    for (auto& question : effects.questions)
        if (!ask(question)) too_many.push_back(question.connection);
    for (const auto& reading : effects.readings) {
        Socket* socket = find(reading.connection);
        if (socket == nullptr) continue;
        socket->reading = reading.wanted;
        watch(*socket);
    }
    end_shard_turn();
    local_broker_->take_answers(effects);
    read_store();
    tell_peers();
    for (auto& asked : effects.history_reads)
        read_history(asked);
    shard_->effects_done();
    if (!too_many.empty()) refuse_as_busy(too_many);
}

void EventLoop::refuse_as_busy(const std::vector<shard::ConnectionId>& connections) {
    for (const shard::ConnectionId id : connections) {
        api::AuthenticationOutcome busy;
        busy.reason = mqtt::ReasonCode::ServerBusy;
        busy.why = "too many logins at the same time";
        shard_->authentication_answered(id, std::move(busy), now());
    }
    flush();
    carry_out_effects();
}

// What the turn has to store goes to the store before a peer hears of the turn.
void EventLoop::end_shard_turn() {
    shard_->end_turn(now());
    std::optional<shard::Effects::Store>& asked = shard_->effects().store;
    if (!asked) return;
    RUNNEL_CHECK(settings_.store->submit(settings_.index, std::move(asked->batch), asked->durability) == asked->ticket);
    asked.reset();
}

// Writing makes room, and what goes out then may change what has to be stored.
void EventLoop::store_changes() {
    flush();
    while (shard_->has_changes()) {
        carry_out_effects();
        flush();
    }
}

// The answer comes on another thread, which ends before the loops are gone.
void EventLoop::read_store() {
    for (const shard::Effects::Read& asked : shard_->effects().reads) {
        shard::DeliveriesRead answer;
        answer.session = asked.session;
        answer.generation = asked.generation;
        answer.end_number = asked.end_number;
        storage::ReadRequest request;
        request.begin = asked.begin;
        request.end = asked.end;
        request.limit_bytes = asked.limit_bytes;
        settings_.store->read(std::move(request), [this, answer = std::move(answer)](storage::ReadAnswer read) mutable {
            answer.failed = !read.outcome;
            answer.has_more = read.has_more;
            answer.records = std::move(read.entries);
            post(std::move(answer));
        });
    }
}

void EventLoop::tell_peers() {
    auto& tells = shard_->effects().tells;
    for (shard::PeerIndex peer = 0; peer < tells.size(); ++peer) {
        if (tells[peer].empty()) continue;
        const size_t size = shard::size_of(tells[peer]);
        peers_[peer]->post(PeerBatch{settings_.index, std::exchange(tells[peer], {})}, size);
    }
}

// A password hash is slow on purpose. False if too many wait already.
bool EventLoop::ask(shard::Effects::AskAuthenticator& asked) {
    if (work_->is_full()) return false;
    const auto outcome = std::make_shared<api::AuthenticationOutcome>();
    work_->add([authenticator = shard_->authenticator(), credentials = std::move(asked.credentials),
                outcome] { *outcome = authenticator->check(credentials); },
               [this, connection = asked.connection, outcome] {
                   shard_->authentication_answered(connection, std::move(*outcome), now());
               });
    return true;
}

// A connection has one question open at a time.
void EventLoop::read_history(shard::Effects::ReadHistory& asked) {
    local_broker_->read_history(std::move(asked.query),
                                [this, connection = asked.connection, number = asked.number](api::HistoryPage page) {
                                    shard_->history_read(connection, number, std::move(page), now());
                                });
}

// The timer only bounds the poll: end_turn() does what is due. libuv may find the timer due just before it polls, and
// would then poll without an end, so the timer makes sure that this poll ends at once.
void EventLoop::arm_timer() {
    std::optional<Time> deadline = shard_->next_deadline();
    if (!lingering_.empty()) deadline = std::min(deadline.value_or(Time::never()), lingering_.front()->linger_until);
    if (draining_) deadline = std::min(deadline.value_or(Time::never()), drain_deadline_);
    if (!held_back_.empty()) deadline = now() + kHeldBack;
    if (!deadline) {
        uv_timer_stop(&timer_);
        return;
    }
    const int64_t delay = std::max<int64_t>(0, (*deadline - now()).ms);
    const auto end_poll = [](uv_timer_t* timer) {
        uv_async_send(&static_cast<EventLoop*>(timer->loop->data)->wake_up_);
    };
    uv_timer_start(&timer_, end_poll, static_cast<uint64_t>(delay), 0);
}

void EventLoop::finish_if_drained() {
    const bool over = now() >= drain_deadline_;
    if (over) end_lingering(true);
    end_idle_streams(over);
    if (!lingering_.empty() || work_->open() != 0) return;
    const bool busy = shard_->connection_count() != 0 || stream_count_ != 0;
    if (busy && !over) return;
    if (!rounds_are_complete() && !over) return;
    for (std::unique_ptr<Socket>& socket : sockets_)
        if (socket) close(stop_polling(std::move(socket)));
    if (uv_is_closing(base_of(timer_))) return;
    uv_close(base_of(timer_), nullptr);
    uv_close(base_of(stream_look_), nullptr);
    uv_close(base_of(filter_look_), nullptr);
    uv_close(base_of(turn_end_), nullptr);
    uv_close(base_of(wake_up_), nullptr);
}

// Once this loop has closed its connections. What comes from peers in a round is dealt with before the next.
bool EventLoop::rounds_are_complete() {
    if (drain_round_ == DrainRounds::kRounds) return true;
    if (!has_arrived_) {
        has_arrived_ = true;
        if (drain_rounds_->arrive(drain_round_))
            for (EventLoop* peer : peers_)
                peer->post(Drain{});
    }
    if (drain_rounds_->is_complete(drain_round_)) {
        ++drain_round_;
        has_arrived_ = false;
        post(Drain{});  // Another turn.
    }
    return false;
}

}  // namespace runnel::net
