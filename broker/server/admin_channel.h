// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "broker/api/stream_service.h"
#include "broker/base/log.h"

struct pollfd;

namespace runnel::server {

// The Unix socket <data_dir>/admin.sock, by which those who run the broker reach it: only the user it runs as may
// connect. Served by a thread of its own, so that nothing that is asked there holds up an event loop. Few connections
// at a time, of which none may be slow for long.
class AdminChannel {
public:
    explicit AdminChannel(LogSink& log) : log_(log) {}
    ~AdminChannel() { stop(); }
    AdminChannel(const AdminChannel&) = delete;
    AdminChannel& operator=(const AdminChannel&) = delete;

    // Why it does not listen.
    struct Fault {
        bool is_taken = false;  // Another broker listens there.
        std::string text;
    };
    // Listens; creates the directory if need be.
    std::optional<Fault> open(const std::string& data_dir);
    // Serves, if it could be opened. `service` outlives it.
    void start(api::StreamService& service);
    // Any thread: to be called by the one that serves. Dropped when it has stopped.
    void post(std::function<void()> task);
    void stop();

private:
    using Clock = std::chrono::steady_clock;
    struct Client {
        int descriptor = -1;
        std::unique_ptr<api::StreamSession> session;
        Clock::time_point deadline;
        api::StreamSession::Waits waits = api::StreamSession::Waits::ForNothing;
        bool input_ended = false;
        bool warned = false;
        bool lingers = false;  // All is said; what still comes is thrown away, for to close now could cut the answer.
        bool lost = false;
    };
    static constexpr size_t kClientsMax = 16;

    void run();
    void wait();
    int wait_ms() const;
    std::vector<pollfd> watched() const;
    void run_tasks();
    void accept_client();
    void serve(Client& client);
    void read_from(Client& client);
    bool write_to(Client& client);
    void check_deadline(Client& client);
    void linger_or_close();

    Log log_;
    std::string path_;
    int listener_ = -1;
    int wake_up_ = -1;
    api::StreamService* service_ = nullptr;
    std::vector<Client> clients_;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::vector<std::function<void()>> tasks_;
    std::thread thread_;
};

}  // namespace runnel::server
