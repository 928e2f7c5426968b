// SPDX-License-Identifier: Apache-2.0
#include "broker/server/admin_channel.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "broker/base/check.h"
#include "broker/net/listen_socket.h"
#include "storage/store_directory.h"

namespace runnel::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{10};     // For a request, and for taking the next part of an answer.
constexpr seconds kLastPatience{2};  // For being told so.
constexpr seconds kWaitMax{10};
constexpr unsigned kOnlyOwner = 0600;

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

std::optional<AdminChannel::Fault> AdminChannel::open(const std::string& data_dir) {
    const std::string path = data_dir + "/admin.sock";
    if (const auto outcome = storage::create_store_directory(data_dir); !outcome) return Fault{false, outcome.text()};
    if (net::unix_socket_is_live(path)) return Fault{true, path + ": another broker listens there"};
    auto sockets = net::listen_unix(path, kOnlyOwner);
    if (!sockets) return Fault{false, sockets.error()};
    wake_up_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    RUNNEL_CHECK(wake_up_ >= 0);
    path_ = path;
    listener_ = sockets->descriptors.front();
    return std::nullopt;
}

void AdminChannel::start(api::StreamService& service) {
    if (listener_ < 0) return;
    service_ = &service;
    thread_ = std::thread([this] { run(); });
}

void AdminChannel::post(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        if (listener_ < 0) return;
        tasks_.push_back(std::move(task));
    }
    eventfd_write(wake_up_, 1);
}

void AdminChannel::stop() {
    if (listener_ < 0) return;
    stopping_ = true;
    eventfd_write(wake_up_, 1);
    if (thread_.joinable()) thread_.join();
    for (const Client& client : clients_)
        ::close(client.descriptor);
    clients_.clear();
    std::remove(path_.c_str());
    const std::lock_guard lock(mutex_);
    tasks_.clear();
    ::close(std::exchange(listener_, -1));
    ::close(std::exchange(wake_up_, -1));
}

void AdminChannel::run() {
    while (!stopping_) {
        wait();
        run_tasks();
        if (clients_.size() < kClientsMax) accept_client();
        for (Client& client : clients_)
            serve(client);
        linger_or_close();
    }
    run_tasks();  // Answers that came at last.
    for (Client& client : clients_)
        write_to(client);
}

std::vector<pollfd> AdminChannel::watched() const {
    std::vector<pollfd> watched{{wake_up_, POLLIN, 0}};
    if (clients_.size() < kClientsMax) watched.push_back({listener_, POLLIN, 0});
    for (const Client& client : clients_) {
        short events = 0;
        if ((client.session->wants_input() || client.lingers) && !client.input_ended) events |= POLLIN;
        if (!client.session->output().empty()) events |= POLLOUT;
        watched.push_back({client.descriptor, events, 0});
    }
    return watched;
}

int AdminChannel::wait_ms() const {
    Clock::time_point next = Clock::now() + kWaitMax;
    for (const Client& client : clients_) {
        if (client.session->wants_turn()) return 0;
        if (client.waits != api::StreamSession::Waits::ForUs) next = std::min(next, client.deadline);
    }
    const auto left = std::chrono::duration_cast<milliseconds>(next - Clock::now()).count() + 1;
    return static_cast<int>(std::max<int64_t>(left, 0));
}

void AdminChannel::wait() {
    std::vector<pollfd> polled = watched();
    poll(polled.data(), polled.size(), wait_ms());
    eventfd_t ignored = 0;
    if ((polled.front().revents & POLLIN) != 0) eventfd_read(wake_up_, &ignored);
}

void AdminChannel::run_tasks() {
    std::vector<std::function<void()>> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
    }
    for (const auto& task : tasks)
        task();
}

void AdminChannel::accept_client() {
    const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0)
        clients_.push_back({descriptor, service_->open({"admin.sock", true}), Clock::now() + kPatience});
}

void AdminChannel::serve(Client& client) {
    read_from(client);
    if (client.lingers) return check_deadline(client);
    const bool has_written = write_to(client);
    const auto waits = client.session->waits();
    if (has_written || waits != std::exchange(client.waits, waits) || waits == api::StreamSession::Waits::ForUs) {
        client.deadline = Clock::now() + kPatience;
    } else {
        check_deadline(client);
    }
}

void AdminChannel::read_from(Client& client) {
    if (client.input_ended || !(client.session->wants_input() || client.lingers)) return;
    std::array<char, 16384> bytes;
    const ssize_t size = recv(client.descriptor, bytes.data(), bytes.size(), 0);
    if (size > 0) {
        if (!client.lingers) client.session->bytes_received({bytes.data(), static_cast<size_t>(size)});
    } else if (size == 0) {
        client.input_ended = true;
        client.session->input_ended();
    } else if (!would_block()) {
        client.lost = true;
    }
}

bool AdminChannel::write_to(Client& client) {
    const std::string_view output = client.session->output();
    if (output.empty() || client.lost) return false;
    const ssize_t size = send(client.descriptor, output.data(), output.size(), MSG_NOSIGNAL);
    if (size > 0) client.session->output_written(static_cast<size_t>(size));
    if (size < 0 && !would_block()) client.lost = true;
    return size > 0;
}

void AdminChannel::check_deadline(Client& client) {
    if (Clock::now() < client.deadline) return;
    if (client.warned) {
        client.lost = true;
        return;
    }
    client.warned = true;
    client.session->time_is_up();
    client.deadline = Clock::now() + kLastPatience;
    write_to(client);
}

void AdminChannel::linger_or_close() {
    for (Client& client : clients_) {
        const bool has_ended = client.session->is_ended() && client.session->output().empty();
        if (!has_ended || client.lingers || client.lost) continue;
        client.lingers = client.warned = true;
        client.deadline = Clock::now() + kLastPatience;
        shutdown(client.descriptor, SHUT_WR);
    }
    std::erase_if(clients_, [](const Client& client) {
        const bool is_over = client.lost || (client.lingers && client.input_ended);
        if (is_over) ::close(client.descriptor);
        return is_over;
    });
}

}  // namespace runnel::server
