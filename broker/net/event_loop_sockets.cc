// SPDX-License-Identifier: Apache-2.0
// Accepting, reading and writing. uv_poll tells when; the system calls are ours, so that a message costs one read and
// one write and a connection can go to another loop by its descriptor.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "broker/net/event_loop.h"
#include "broker/net/socket.h"
#include "broker/net/socket_address.h"

namespace runnel::net {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr uint64_t kAcceptPauseMs = 100;
constexpr int kWritesPerTurn = 16;  // To one socket, before the others have their turn.
constexpr Duration kLinger{1000};
// Bytes of a filter that wait for the socket, above which nothing more is read.
constexpr size_t kOutsideMax = size_t{64} * 1024;
constexpr uint64_t kShowLifeEveryMs = 15'000;  // Proxies are patient for 30 s or a minute.

}  // namespace

void EventLoop::add_listener(int descriptor, ConnectionCount& count, ListenerProtocol protocol) {
    auto listener = std::make_unique<Listener>();
    listener->loop = this;
    listener->descriptor = descriptor;
    listener->count = &count;
    listener->protocol = protocol;
    listener->poll.data = listener->pause.data = listener.get();
    RUNNEL_CHECK(uv_poll_init(&loop_, &listener->poll, descriptor) == 0);
    uv_timer_init(&loop_, &listener->pause);
    uv_poll_start(&listener->poll, UV_READABLE, [](uv_poll_t* poll, int, int) {
        auto* self = static_cast<Listener*>(poll->data);
        self->loop->accept_from(*self);
    });
    listeners_.push_back(std::move(listener));
}

void EventLoop::accept_from(Listener& listener) {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        const int descriptor =
            accept4(listener.descriptor, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            if (errno == EAGAIN) return;
            if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;  // That one client's trouble.
            return pause_accepting(listener, errno);
        }
        if (size < sizeof address.ss_family) address.ss_family = AF_UNIX;
        CountedConnection counted;
        if (counted.take(*listener.count, settings_.broker_connections)) {
            shard::PeerAddress peer{text_of(address), is_loopback(address)};
            if (listener.protocol == ListenerProtocol::Mqtt)
                adopt({descriptor, std::move(peer), {}, std::move(counted), nullptr, {}});
            else
                adopt_stream(descriptor, std::move(peer), std::move(counted),
                             listener.protocol == ListenerProtocol::Auto);
            continue;
        }
        close(descriptor);
        if (now() - listener.last_complaint < Duration::seconds(1)) continue;
        listener.last_complaint = now();
        log_.warning("connection refused: max_connections is reached", {{"address", text_of(address)}});
    }
}

// No descriptors or no memory. The clients wait in the kernel's queue, and the loop does not spin over it.
void EventLoop::pause_accepting(Listener& listener, int error) {
    if (now() - listener.last_complaint >= Duration::seconds(1)) {
        listener.last_complaint = now();
        log_.error("cannot accept connections; trying again", {{"error", std::strerror(error)}});
    }
    uv_poll_stop(&listener.poll);
    const auto go_on = [](uv_timer_t* pause) {
        auto* self = static_cast<Listener*>(pause->data);
        uv_poll_start(&self->poll, UV_READABLE, [](uv_poll_t* poll, int, int) {
            auto* ready = static_cast<Listener*>(poll->data);
            ready->loop->accept_from(*ready);
        });
    };
    uv_timer_start(&listener.pause, go_on, kAcceptPauseMs, 0);
}

void EventLoop::adopt(HandedOver connection) {
    auto socket = std::make_unique<Socket>();
    socket->loop = this;
    socket->descriptor = connection.descriptor;
    socket->poll.data = socket.get();
    if (draining_ || uv_poll_init(&loop_, &socket->poll, connection.descriptor) != 0) {
        close(connection.descriptor);
        return;
    }
    socket->counted = std::move(connection.counted);
    socket->filter = std::move(connection.filter);
    socket->outside = std::move(connection.outside);
    if (socket->filter && uv_is_active(reinterpret_cast<uv_handle_t*>(&filter_look_)) == 0) {
        uv_timer_start(
            &filter_look_, [](uv_timer_t* timer) { static_cast<EventLoop*>(timer->loop->data)->show_life(); },
            kShowLifeEveryMs, kShowLifeEveryMs);
    }
    socket->id = shard_->connection_opened(std::move(connection.address), now());
    const shard::ConnectionId id = socket->id;
    if (sockets_.size() <= id.slot) sockets_.resize(id.slot + 1);
    sockets_[id.slot] = std::move(socket);
    watch(*sockets_[id.slot]);
    if (!sockets_[id.slot]->outside.empty()) write_out(*sockets_[id.slot]);
    const std::string& bytes = connection.bytes;
    if (!bytes.empty())
        shard_->bytes_received(id, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, now());
}

// Polls for what the socket waits for.
void EventLoop::watch(Socket& socket) {
    const bool reading = socket.reading && !socket.held_back && !socket.clogged;
    const int events = (reading ? UV_READABLE : 0) | (socket.writing ? UV_WRITABLE : 0);
    if (events == 0 && socket.held_back) {
        uv_poll_stop(&socket.poll);
        return;
    }
    if (events == 0) {
        // Nothing is wanted but to learn that the client has gone.
        uv_poll_start(&socket.poll, UV_DISCONNECT, [](uv_poll_t* poll, int status, int ready) {
            auto* self = static_cast<Socket*>(poll->data);
            self->loop->socket_ready(*self, status, ready);
        });
        return;
    }
    uv_poll_start(&socket.poll, events, [](uv_poll_t* poll, int status, int ready) {
        auto* self = static_cast<Socket*>(poll->data);
        self->loop->socket_ready(*self, status, ready);
    });
}

void EventLoop::socket_ready(Socket& socket, int status, int events) {
    if (socket.lingering) {
        if (status >= 0 && (events & UV_READABLE) != 0) read_from(socket);
        if (status < 0) socket.linger_until = {};
        return;
    }
    if (status < 0 || ((events & UV_DISCONNECT) != 0 && !socket.reading)) return lose(socket);
    if ((events & UV_WRITABLE) != 0) write_out(socket);
    if ((events & UV_READABLE) == 0) return;
    if (peer_is_behind()) return hold_back(socket);
    read_from(socket);
}

// A publisher must not fill the memory with what another loop has not got round to. Mailboxes are always emptied, so
// two loops that wait for each other go on. The same holds for the store.
bool EventLoop::peer_is_behind() const {
    if (settings_.store != nullptr && settings_.store->is_congested() && !settings_.store->is_failing()) return true;
    if (peers_.size() < 2) return false;
    for (const EventLoop* peer : peers_)
        if (peer != this && peer->mailbox_is_full()) return true;
    return false;
}

void EventLoop::hold_back(Socket& socket) {
    socket.held_back = true;
    held_back_.push_back(socket.id);
    watch(socket);
}

void EventLoop::go_on_reading() {
    if (peer_is_behind()) return;
    for (const shard::ConnectionId id : std::exchange(held_back_, {})) {
        Socket* socket = find(id);
        if (socket == nullptr) continue;
        socket->held_back = false;
        watch(*socket);
    }
}

void EventLoop::read_from(Socket& socket) {
    const ssize_t size = read(socket.descriptor, read_buffer_.get(), kReadBufferSize);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (socket.lingering) {
        if (size <= 0) socket.linger_until = {};
        return;
    }
    if (size <= 0) return lose(socket);
    if (socket.filter) return read_filtered(socket, {read_buffer_.get(), static_cast<size_t>(size)});
    shard_->bytes_received(socket.id, {reinterpret_cast<const uint8_t*>(read_buffer_.get()), static_cast<size_t>(size)},
                           now());
    if (shard_->turn_bytes() > kFlushAbove) flush();
}

// The shard learns of it at the end of the turn. Until then the socket is not polled: it would only say so again.
void EventLoop::lose(Socket& socket) {
    uv_poll_stop(&socket.poll);
    socket.lost = true;
    lost_.push_back(socket.id);
}

void EventLoop::flush() {
    while (true) {
        const std::vector<shard::ConnectionId> writes = shard_->take_writes();
        if (writes.empty()) break;
        for (const shard::ConnectionId id : writes) {
            Socket* socket = find(id);
            if (socket != nullptr && !socket->writing) write_out(*socket);
        }
    }
    shard_->writes_done();
}

void EventLoop::write_out(Socket& socket) {
    const bool full = socket.filter ? write_filtered(socket) : write_plain(socket);
    if (socket.lost) return;
    const bool clogged = socket.outside.size() > kOutsideMax;
    if (socket.writing == full && socket.clogged == clogged) return;
    socket.writing = full;
    socket.clogged = clogged;
    watch(socket);
}

// Whether the socket has not taken all of it.
bool EventLoop::write_plain(Socket& socket) {
    std::array<std::string_view, 64> pieces;
    std::array<iovec, 64> vectors;
    bool full = false;
    for (int writes = 0; !full; ++writes) {
        const size_t count = shard_->gather_output(socket.id, pieces);
        if (count == 0) {
            if (writes == 0) shard_->output_written(socket.id, 0, false, now());  // It takes more again.
            break;
        }
        size_t wanted = 0;
        for (size_t i = 0; i < count; ++i) {
            vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
            wanted += pieces[i].size();
        }
        const ssize_t written = count == 1 ? write(socket.descriptor, vectors[0].iov_base, vectors[0].iov_len)
                                           : writev(socket.descriptor, vectors.data(), static_cast<int>(count));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno != EAGAIN) {
            // The client has gone: pretend that it was sent, the reading side will say so too.
            shard_->output_written(socket.id, wanted, true, now());
            lose(socket);
            return true;
        }
        const auto size = static_cast<size_t>(std::max<ssize_t>(written, 0));
        full = size < wanted || writes >= kWritesPerTurn;
        shard_->output_written(socket.id, size, full, now());
    }
    return full;
}

// The same through a filter, which keeps what the socket has not taken.
bool EventLoop::write_filtered(Socket& socket) {
    std::array<std::string_view, 64> pieces;
    bool full = !write_outside(socket);
    if (!full) shard_->output_written(socket.id, 0, false, now());
    for (int writes = 0; !full; ++writes) {
        const size_t count = shard_->gather_output(socket.id, pieces);
        if (count == 0) break;
        size_t wrapped = 0;
        for (size_t i = 0; i < count; ++i)
            wrapped += pieces[i].size();
        socket.filter->wrap(std::span(pieces).first(count), socket.outside);
        full = !write_outside(socket) || writes >= kWritesPerTurn;
        shard_->output_written(socket.id, wrapped, full, now());
        if (socket.lost) return full;
    }
    if (!full && socket.filter->is_finished()) lose(socket);
    return full;
}

// Whether all of it could be written.
bool EventLoop::write_outside(Socket& socket) {
    while (!socket.outside.empty()) {
        const ssize_t written = write(socket.descriptor, socket.outside.data(), socket.outside.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno != EAGAIN) {
            socket.outside.clear();
            if (!socket.lost) lose(socket);
            return false;
        }
        socket.outside.erase(0, static_cast<size_t>(std::max<ssize_t>(written, 0)));
        if (written <= 0) return false;
    }
    return true;
}

void EventLoop::read_filtered(Socket& socket, std::string_view bytes) {
    inside_.clear();
    const bool goes_on = socket.filter->received(bytes, inside_, socket.outside);
    if (!socket.outside.empty()) write_out(socket);
    if (!inside_.empty())
        shard_->bytes_received(socket.id, {reinterpret_cast<const uint8_t*>(inside_.data()), inside_.size()}, now());
    if (!goes_on && !socket.lost) lose(socket);
    if (shard_->turn_bytes() > kFlushAbove) flush();
}

void EventLoop::show_life() {
    bool has_filters = false;
    for (size_t slot = 0; slot < sockets_.size(); ++slot) {
        Socket* socket = sockets_[slot].get();
        if (socket == nullptr || !socket->filter || socket->lost) continue;
        has_filters = true;
        if (socket->writing || !socket->outside.empty()) continue;
        socket->filter->show_life(socket->outside);
        if (!socket->outside.empty()) write_out(*socket);
    }
    if (!has_filters) uv_timer_stop(&filter_look_);
}

Socket* EventLoop::find(shard::ConnectionId id) {
    if (id.slot >= sockets_.size()) return nullptr;
    Socket* socket = sockets_[id.slot].get();
    return socket != nullptr && socket->id == id ? socket : nullptr;
}

std::unique_ptr<Socket> EventLoop::detach(shard::ConnectionId id) {
    return find(id) == nullptr ? nullptr : std::move(sockets_[id.slot]);
}

// Gives the descriptor back. The uv handle lives on until libuv is done with it.
int EventLoop::stop_polling(std::unique_ptr<Socket> socket) {
    const int descriptor = socket->descriptor;
    socket->counted = {};
    uv_close(reinterpret_cast<uv_handle_t*>(&socket.release()->poll),
             [](uv_handle_t* handle) { delete static_cast<Socket*>(handle->data); });
    return descriptor;
}

// Closing a socket with unread input resets the connection, and the client may never see why it was closed. So only our
// side is shut at first, and what still comes is thrown away, for a second at most.
void EventLoop::close_gently(std::unique_ptr<Socket> socket) {
    if (socket->filter && !socket->lost) {
        socket->filter->close(socket->outside);
        (void)write(socket->descriptor, socket->outside.data(), socket->outside.size());
        socket->filter.reset();
    }
    if (socket->lost || shutdown(socket->descriptor, SHUT_WR) != 0) {
        close(stop_polling(std::move(socket)));
        return;
    }
    socket->counted = {};
    socket->held_back = socket->clogged = false;
    socket->lingering = socket->reading = true;
    socket->writing = false;
    socket->linger_until = now() + kLinger;
    watch(*socket);
    lingering_.push_back(std::move(socket));
}

// Of a descriptor that belongs to nothing any more, and whose sending side is shut.
void EventLoop::linger(int descriptor) {
    auto socket = std::make_unique<Socket>();
    socket->loop = this;
    socket->descriptor = descriptor;
    socket->poll.data = socket.get();
    if (uv_poll_init(&loop_, &socket->poll, descriptor) != 0) {
        close(descriptor);
        return;
    }
    socket->lingering = true;
    socket->linger_until = now() + kLinger;
    watch(*socket);
    lingering_.push_back(std::move(socket));
}

void EventLoop::end_lingering(bool all) {
    std::erase_if(lingering_, [&](std::unique_ptr<Socket>& socket) {
        if (!all && now() < socket->linger_until) return false;
        close(stop_polling(std::move(socket)));
        return true;
    });
}

}  // namespace runnel::net
