// SPDX-License-Identifier: Apache-2.0
// Makes one broker out of the parts, floor by floor: logins and rights, loops, listeners, then the signals.
#include "broker/server/server.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "broker/net/event_loop.h"
#include "broker/net/listen_socket.h"
#include "broker/server/address.h"
#include "broker/server/admin_channel.h"
#include "broker/server/broker_operations.h"
#include "broker/server/broker_store.h"
#include "broker/server/log_sink.h"
#include "broker/server/login_table.h"
#include "broker/server/operations_view.h"
#include "broker/server/service_notify.h"
#include "broker/server/sys_topics.h"

namespace runnel::server {
namespace {

constexpr unsigned kLoopsMax = 64;  // A set of peers is one 64-bit word.
constexpr int kExitFailure = 1;

// Every connection is a descriptor: take as many as the system grants.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Signals are waited for by the main thread alone; the loops inherit this mask.
sigset_t take_over_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

unsigned loop_count(const Config& config) {
    const unsigned wanted =
        config.loops > 0 ? static_cast<unsigned>(config.loops) : std::thread::hardware_concurrency();
    return std::clamp(wanted, 1u, kLoopsMax);
}

class Broker {
public:
    Broker(Config config, ReloadFunction reload)
        : config_(std::move(config)),
          reload_(std::move(reload)),
          log_sink_(2, config_.log),
          log_(log_sink_),
          connections_(config_.max_connections),
          store_(log_sink_) {}

    int run(const Bridges& bridges) {
        each_second_ = bridges.each_second;
        raise_descriptor_limit();
        const sigset_t signals = take_over_signals();
        if (!store_.open(config_, loop_count(config_))) return kExitFailure;
        make_loops();
        if (!store_.recover(loops_) || !open_admin_channel() || !open_listeners()) return kExitFailure;
        make_operations(bridges);
        start_loops();
        admin_channel_.start(*admin_service_);
        announce();
        serve(signals);
        stop();
        return 0;
    }

private:
    api::AuthenticatorRef make_authenticator() const {
        return std::make_shared<auth::PasswordAuthenticator>(config_.auth.anonymous, config_.auth.users);
    }
    api::AccessControlRef make_access() const { return std::make_shared<auth::AccessRules>(config_.access); }

    void make_loops();
    bool open_admin_channel();
    bool open_listeners();
    void start_loops();
    void make_operations(const Bridges& bridges);
    void announce();
    void serve(const sigset_t& signals);
    void publish_sys_topics(SysTopics& topics);
    void keep_house();
    void reload();
    void stop();
    void remove_socket_files();

    Config config_;
    ReloadFunction reload_;
    std::function<std::vector<api::LocalPublish>()> each_second_;
    DescriptorLog log_sink_;
    Log log_;
    net::ConnectionCount connections_;
    BrokerStore store_;
    std::vector<std::unique_ptr<net::ConnectionCount>> listener_counts_;
    std::vector<std::unique_ptr<Counters>> counters_;
    std::vector<std::unique_ptr<net::EventLoop>> loops_;
    std::vector<std::string> bound_;
    AdminChannel admin_channel_{log_sink_};
    std::unique_ptr<BrokerOperations> operations_;
    std::vector<std::unique_ptr<OperationsView>> operations_views_;
    std::unique_ptr<api::StreamService> admin_service_;
    LoginTable logins_;
    std::vector<std::unique_ptr<api::StreamService>> http_services_;  // One for each loop.
    SysTopics::Clock::time_point next_house_step_;
    SysTopics::Clock::time_point next_space_step_;
};

void Broker::make_loops() {
    const unsigned count = loop_count(config_);
    net::SystemRandom random;
    const shard::Placement placement{count, random.next()};
    const auto authenticator = make_authenticator();
    const auto access = make_access();
    for (unsigned i = 0; i < count; ++i) {
        counters_.push_back(std::make_unique<Counters>());
        const net::EventLoop::Settings settings{
            i, log_sink_, connections_, store_.thread(), store_.clock(), store_.run(), store_.history()};
        loops_.push_back(std::make_unique<net::EventLoop>(settings, config_.settings, placement, random.next(),
                                                          *counters_.back(), authenticator, access));
    }
}

// A data directory belongs to one broker. Where the socket cannot be made for another reason, that is no reason not to
// serve clients.
bool Broker::open_admin_channel() {
    const auto fault = admin_channel_.open(config_.data_dir);
    if (!fault) return true;
    if (fault->is_taken) {
        log_.error("another broker runs with this data directory: stop it, or choose another broker.data_dir",
                   {{"data_dir", config_.data_dir}, {"why", fault->text}});
        return false;
    }
    log_.error("no admin channel: runnelctl status and backup will not reach this broker", {{"why", fault->text}});
    return true;
}

void Broker::make_operations(const Bridges& bridges) {
    BrokerOperations::Parts parts{config_, store_, connections_, log_sink_};
    for (const auto& loop : loops_)
        parts.loops.push_back(loop.get());
    for (const auto& shard : counters_)
        parts.counters.push_back(shard.get());
    for (size_t i = 0; i < bound_.size(); ++i)
        parts.listeners.push_back(
            {std::string(name_of(config_.listeners[i].protocol)), bound_[i], listener_counts_[i].get()});
    parts.stations = bridges.stations;
    operations_ = std::make_unique<BrokerOperations>(std::move(parts));
    const auto view = [this](auto post) -> api::Operations& {
        operations_views_.push_back(std::make_unique<OperationsView>(*operations_, std::move(post)));
        return *operations_views_.back();
    };
    admin_service_ = bridges.admin(view([this](std::function<void()> task) { admin_channel_.post(std::move(task)); }),
                                   store_.history());
    for (const auto& loop : loops_) {
        const auto post = [&loop = *loop](std::function<void()> task) {
            loop.post(net::Task{[task = std::move(task)](shard::Shard&, Time) { task(); }});
        };
        http_services_.push_back(bridges.http(view(post), loop->local_broker(), logins_, config_));
        loop->serve_streams(*http_services_.back());
    }
}

// All or nothing: a broker that listens on half of its addresses would look healthy and not be.
bool Broker::open_listeners() {
    for (const ListenerConfig& listener : config_.listeners) {
        const ListenAddress address = *parse_listen_address(listener.address);  // Checked with the configuration.
        auto sockets = address.is_unix()
                           ? net::listen_unix(address.path)
                           : net::listen_tcp(address.host, address.port, static_cast<unsigned>(loops_.size()));
        if (!sockets) {
            log_.error(sockets.error());
            remove_socket_files();
            return false;
        }
        listener_counts_.push_back(std::make_unique<net::ConnectionCount>(listener.max_connections));
        for (size_t i = 0; i < sockets->descriptors.size(); ++i)
            loops_[i]->add_listener(sockets->descriptors[i], *listener_counts_.back(), listener.protocol);
        bound_.push_back(sockets->bound);
    }
    return true;
}

void Broker::start_loops() {
    std::vector<net::EventLoop*> peers;
    for (const auto& loop : loops_)
        peers.push_back(loop.get());
    for (const auto& loop : loops_)
        loop->meet(peers);
    for (const auto& loop : loops_)
        loop->start();
}

void Broker::announce() {
    std::vector<LogField> addresses;
    for (size_t i = 0; i < bound_.size(); ++i)
        addresses.emplace_back(name_of(config_.listeners[i].protocol), bound_[i]);
    log_.write(LogLevel::Info, "ready", addresses);
    tell_service("READY=1");
}

void Broker::serve(const sigset_t& signals) {
    std::vector<const Counters*> counters;
    for (const auto& shard : counters_)
        counters.push_back(shard.get());
    next_house_step_ = SysTopics::Clock::now();
    SysTopics topics(std::move(counters), "runnel " RUNNEL_VERSION, SysTopics::Clock::now());
    const bool publishes = config_.sys_interval.ms > 0;
    if (publishes) publish_sys_topics(topics);
    auto next = SysTopics::Clock::now() + std::chrono::milliseconds(config_.sys_interval.ms);
    while (true) {
        keep_house();
        const auto until = publishes ? std::min(next, next_house_step_) : next_house_step_;
        const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(until - SysTopics::Clock::now());
        const int64_t left = std::max<int64_t>(wait.count(), 0);
        const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
        const int signal = sigtimedwait(&signals, nullptr, &timeout);
        if (signal == SIGHUP) {
            reload();
        } else if (signal > 0) {
            log_.info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
            return;
        }
        if (!publishes || SysTopics::Clock::now() < next) continue;
        publish_sys_topics(topics);
        next += std::chrono::milliseconds(config_.sys_interval.ms);
    }
}

void Broker::publish_sys_topics(SysTopics& topics) {
    for (api::LocalPublish& publish : topics.publishes(SysTopics::Clock::now()))
        loops_.front()->post(std::move(publish));
}

// In steps of the main thread, which has little else to do.
void Broker::keep_house() {
    constexpr auto kPause = std::chrono::seconds(1);
    constexpr auto kShortPause = std::chrono::milliseconds(20);
    constexpr auto kSpacePause = std::chrono::seconds(5);
    operations_->time_advanced();
    if (SysTopics::Clock::now() < next_house_step_) return;
    for (api::LocalPublish& publish : each_second_())
        loops_.front()->post(std::move(publish));
    const bool has_more = store_.keep_history();
    if (SysTopics::Clock::now() >= next_space_step_) {
        store_.give_back_space();
        next_space_step_ = SysTopics::Clock::now() + kSpacePause;
    }
    next_house_step_ = SysTopics::Clock::now() + (has_more ? std::chrono::milliseconds(kShortPause) : kPause);
}

// Takes everything that can change while clients are connected, or nothing if the new configuration has a fault.
void Broker::reload() {
    tell_service("RELOADING=1");
    auto loaded = reload_();
    if (!loaded) {
        for (const ConfigError& error : loaded.error())
            log_.error("configuration not reloaded", {{"error", error.text()}});
    } else {
        config_.auth = loaded->auth;
        config_.access = loaded->access;
        config_.log = loaded->log;
        log_sink_.configure(config_.log);
        logins_.end_all();
        const net::AccessChanged change{make_authenticator(), make_access()};
        for (const auto& loop : loops_)
            loop->post(change);
        log_.info("configuration reloaded: users, access rules and log; other keys count at the next start");
    }
    tell_service("READY=1");
}

void Broker::stop() {
    tell_service("STOPPING=1");
    const auto rounds = std::make_shared<net::DrainRounds>(static_cast<uint32_t>(loops_.size()));
    for (const auto& loop : loops_)
        loop->post(net::Drain{rounds});
    for (const auto& loop : loops_)
        loop->join();
    operations_->finish();
    admin_channel_.stop();
    store_.close();
    remove_socket_files();
    log_.info("stopped");
}

void Broker::remove_socket_files() {
    constexpr std::string_view kUnix = "unix:";
    for (const std::string& address : bound_)
        if (address.starts_with(kUnix)) std::remove(address.c_str() + kUnix.size());
}

}  // namespace

int run(Config config, ReloadFunction reload, const Bridges& bridges) {
    return Broker(std::move(config), std::move(reload)).run(bridges);
}

}  // namespace runnel::server
