// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "broker/api/stream_service.h"
#include "broker/base/log.h"
#include "broker/net/connection_count.h"
#include "broker/net/listener_protocol.h"
#include "broker/net/loop_broker.h"
#include "broker/net/mailbox.h"
#include "broker/net/system_random.h"
#include "broker/net/work_queue.h"
#include "broker/shard/shard.h"
#include "storage/store_thread.h"

namespace runnel::net {

// One connection's transport. Its uv handle is closed before it is freed.
struct Socket;

// The clock of all loops, for what is done before they run.
Time monotonic_now();

// A thread that drives one shard. A turn: mailbox and sockets in, timers, then effects: writes, peers, the rest.
// All but post() and join() belong to the starting thread before start(), and to the loop's own thread after it.
class EventLoop {
public:
    // The secret source of `environment` is replaced by the loop's own.
    struct Settings {
        shard::PeerIndex index = 0;
        LogSink& log;
        ConnectionCount& broker_connections;
        storage::StoreThread* store = nullptr;  // Nothing if nothing is stored. Outlives the loop.
        session::WallClock clock{};
        uint32_t run = 0;                       // See shard::Environment.
        const api::History* history = nullptr;  // With a store. Outlives the loop.
        api::StreamService* streams = nullptr;  // See serve_streams().
    };
    EventLoop(const Settings& settings, const shard::Settings& shard_settings, shard::Placement placement,
              uint64_t random_seed, Counters& counters, api::AuthenticatorRef authenticator,
              api::AccessControlRef access);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Before start(): for what was stored before.
    shard::Shard& shard() { return *shard_; }
    // Takes the descriptor. `count` outlives the loop.
    void add_listener(int descriptor, ConnectionCount& count, ListenerProtocol protocol);
    // For the bridges of this loop.
    api::LocalBroker& local_broker() { return *local_broker_; }
    // Before start(): what answers on listeners for HTTP. Outlives the loop.
    void serve_streams(api::StreamService& streams) { settings_.streams = &streams; }
    // The loops of this broker by index, this one among them; they outlive it. What bridges wished for meanwhile is
    // told to them. All loops have met before the first one starts.
    void meet(std::vector<EventLoop*> peers);
    void start();
    // Any thread.
    void post(Envelope envelope) { mailbox_.post(std::move(envelope)); }
    void post(Envelope envelope, size_t size) { mailbox_.post(std::move(envelope), size); }
    bool mailbox_is_full() const { return mailbox_.is_full(); }
    // What the thread has computed since start(). Any thread, before join().
    std::chrono::nanoseconds busy_time();
    // Waits for the thread to end, which it does after a Drain.
    void join();

private:
    struct Listener;
    struct Stream;

    // One read of one socket.
    static constexpr size_t kReadBufferSize = size_t{64} * 1024;
    // Encoded bytes after which a turn writes in between, while they are still in the cache.
    static constexpr size_t kFlushAbove = size_t{256} * 1024;

    void run();
    Time now() const { return {static_cast<int64_t>(uv_now(&loop_))}; }

    // event_loop.cc: the turn.
    void take_mail();
    void receive(PeerBatch& batch);
    void receive(HandedOver& connection);
    void receive(api::LocalPublish& publish);
    void receive(AccessChanged& change);
    void receive(Stored& stored);
    void receive(shard::DeliveriesRead& answer);
    void receive(StoreRefuses& refusal);
    void receive(Task& task);
    void receive(Drain& drain);
    void end_turn();
    void end_shard_turn();
    void store_changes();
    void carry_out_effects();
    void tell_peers();
    void read_store();
    bool ask(shard::Effects::AskAuthenticator& question);
    void read_history(shard::Effects::ReadHistory& asked);
    void refuse_as_busy(const std::vector<shard::ConnectionId>& connections);
    void arm_timer();
    void finish_if_drained();
    bool rounds_are_complete();

    // event_loop_sockets.cc: bytes in and out.
    void accept_from(Listener& listener);
    void pause_accepting(Listener& listener, int error);
    void adopt(HandedOver connection);
    void socket_ready(Socket& socket, int status, int events);
    void read_from(Socket& socket);
    void flush();
    void write_out(Socket& socket);
    bool write_plain(Socket& socket);
    bool write_filtered(Socket& socket);
    bool write_outside(Socket& socket);
    void read_filtered(Socket& socket, std::string_view bytes);
    void show_life();
    void linger(int descriptor);
    void watch(Socket& socket);
    Socket* find(shard::ConnectionId id);
    std::unique_ptr<Socket> detach(shard::ConnectionId id);
    void lose(Socket& socket);
    bool peer_is_behind() const;
    void hold_back(Socket& socket);
    void go_on_reading();
    void close_gently(std::unique_ptr<Socket> socket);
    void end_lingering(bool all);
    static int stop_polling(std::unique_ptr<Socket> socket);

    // event_loop_streams.cc: HTTP.
    void adopt_stream(int descriptor, shard::PeerAddress address, CountedConnection counted, bool may_be_mqtt);
    void watch_stream(Stream& stream);
    void stream_ready(Stream& stream, int status, int events);
    bool read_stream(Stream& stream);
    void wake_stream(Stream& stream);
    void go_on_with_awake_streams();
    void go_on_with_stream(Stream& stream);
    bool write_stream(Stream& stream);
    void stream_is_mqtt(Stream& stream, std::string_view bytes);
    void stream_goes_on_as_mqtt(Stream& stream, api::StreamSession::Continuation next);
    int release_stream(Stream& stream);
    void end_stream(Stream& stream);
    void look_at_streams();
    void end_idle_streams(bool all);

    Settings settings_;
    Log log_;
    uv_loop_t loop_{};
    uv_async_t wake_up_{};
    uv_check_t turn_end_{};
    uv_timer_t timer_{};
    uv_timer_t stream_look_{};
    uv_timer_t filter_look_{};  // Runs while there are sockets with filters.
    Mailbox mailbox_{wake_up_};
    SystemRandom secrets_;
    std::unique_ptr<shard::Shard> shard_;
    std::unique_ptr<WorkQueue> work_;
    std::unique_ptr<LoopBroker> local_broker_;
    std::vector<EventLoop*> peers_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::vector<std::unique_ptr<Socket>> sockets_;    // By the slot of their connection.
    std::vector<std::unique_ptr<Socket>> lingering_;  // Closed by us; what the client still sends is thrown away.
    std::vector<shard::ConnectionId> lost_;
    std::vector<shard::ConnectionId> held_back_;    // Not read until every peer has caught up.
    std::vector<std::unique_ptr<Stream>> streams_;  // By their slots.
    std::vector<uint32_t> awake_streams_;
    uint32_t stream_count_ = 0;
    std::string inside_;  // Scratch: what a filter has found.
    std::unique_ptr<char[]> read_buffer_;
    bool draining_ = false;
    std::shared_ptr<DrainRounds> drain_rounds_;
    uint32_t drain_round_ = 0;
    bool has_arrived_ = false;  // In this round.
    Time drain_deadline_{};
    std::thread thread_;
};

}  // namespace runnel::net
