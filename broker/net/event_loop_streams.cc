// SPDX-License-Identifier: Apache-2.0
// Connections of listeners for HTTP: what a StreamSession says is written, and one that goes on as MQTT within a filter
// becomes a connection of the shard.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "broker/net/event_loop.h"
#include "broker/net/socket.h"
#include "broker/net/stream.h"

namespace runnel::net {
namespace {

using Waits = api::StreamSession::Waits;

constexpr Duration kPatience = Duration::seconds(10);      // For a request, and for taking a part of an answer.
constexpr Duration kIdlePatience = Duration::seconds(75);  // Between two requests.
constexpr Duration kLastPatience = Duration::seconds(2);   // For being told that the time is up.
constexpr uint64_t kLookInterval = 1000;

// The type of CONNECT, with which MQTT begins. A method of HTTP begins with a letter.
constexpr char kConnect = 0x10;

}  // namespace

void EventLoop::adopt_stream(int descriptor, shard::PeerAddress address, CountedConnection counted, bool may_be_mqtt) {
    auto stream = std::make_unique<Stream>();
    stream->loop = this;
    stream->descriptor = descriptor;
    stream->poll.data = stream.get();
    if (draining_ || uv_poll_init(&loop_, &stream->poll, descriptor) != 0) {
        ::close(descriptor);
        return;
    }
    stream->address = std::move(address);
    stream->counted = std::move(counted);
    stream->may_be_mqtt = may_be_mqtt;
    stream->deadline = now() + kPatience;
    const auto free = std::ranges::find_if(streams_, [](const auto& one) { return !one; });
    stream->slot = static_cast<uint32_t>(free - streams_.begin());
    if (free == streams_.end()) streams_.emplace_back();
    if (stream_count_++ == 0)
        uv_timer_start(
            &stream_look_, [](uv_timer_t* timer) { static_cast<EventLoop*>(timer->loop->data)->look_at_streams(); },
            kLookInterval, kLookInterval);
    watch_stream(*stream);
    streams_[stream->slot] = std::move(stream);
}

void EventLoop::watch_stream(Stream& stream) {
    const bool reads = !stream.input_ended && (!stream.session || stream.session->wants_input());
    // A side that has been shut would be told again and again.
    const int otherwise = stream.input_ended ? 0 : UV_DISCONNECT;
    const int events = (reads ? UV_READABLE : otherwise) | (stream.writing ? UV_WRITABLE : 0);
    if (std::exchange(stream.watched, events) == events) return;  // To say it again costs three system calls.
    uv_poll_start(&stream.poll, events, [](uv_poll_t* poll, int status, int ready) {
        auto* self = static_cast<Stream*>(poll->data);
        self->loop->stream_ready(*self, status, ready);
    });
}

void EventLoop::stream_ready(Stream& stream, int status, int events) {
    const bool has_gone = (events & UV_DISCONNECT) != 0 && (events & UV_READABLE) == 0 && !stream.input_ended;
    if (status < 0 || has_gone) return end_stream(stream);
    if ((events & UV_READABLE) != 0 && !read_stream(stream)) return;
    go_on_with_stream(stream);
}

// False if the stream has gone.
bool EventLoop::read_stream(Stream& stream) {
    const ssize_t size = read(stream.descriptor, read_buffer_.get(), kReadBufferSize);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (size < 0 || (size == 0 && !stream.session)) {
        end_stream(stream);
        return false;
    }
    const std::string_view bytes(read_buffer_.get(), static_cast<size_t>(size));
    if (!stream.session && stream.may_be_mqtt && bytes.front() == kConnect) {
        stream_is_mqtt(stream, bytes);
        return false;
    }
    if (!stream.session) {
        stream.session = settings_.streams->open({stream.address.text, stream.address.loopback});
        stream.session->on_late_output([this, woken = &stream] { wake_stream(*woken); });
    }
    if (size == 0) {
        stream.input_ended = true;
        stream.session->input_ended();
    } else {
        stream.session->bytes_received(bytes);
    }
    return true;
}

// Its output is looked at when the turn ends.
void EventLoop::wake_stream(Stream& stream) {
    if (stream.awake) return;
    stream.awake = true;
    awake_streams_.push_back(stream.slot);
}

void EventLoop::go_on_with_awake_streams() {
    for (const uint32_t slot : std::exchange(awake_streams_, {})) {
        Stream* stream = streams_[slot].get();
        if (stream == nullptr) continue;
        stream->awake = false;
        go_on_with_stream(*stream);
    }
}

// Writes what there is, and does what the session has come to.
void EventLoop::go_on_with_stream(Stream& stream) {
    if (!stream.session) return;
    if (!write_stream(stream)) {
        if (auto next = stream.session->take_continuation(); next.filter)
            return stream_goes_on_as_mqtt(stream, std::move(next));
        if (stream.lost || stream.session->is_ended()) return end_stream(stream);
        stream.writing = stream.session->wants_turn();  // The others have theirs first.
    }
    const Waits waits = stream.session->waits();
    if (waits != stream.waits) stream.deadline = now() + kPatience;
    stream.waits = waits;
    if (waits == Waits::ForNothing && !stream.writing) stream.deadline = now() + kIdlePatience;
    watch_stream(stream);
}

// Whether output is left.
bool EventLoop::write_stream(Stream& stream) {
    stream.writing = false;
    while (true) {
        const std::string_view output = stream.session->output();
        if (output.empty()) return false;
        const ssize_t written = send(stream.descriptor, output.data(), output.size(), MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno != EAGAIN) {
            stream.lost = true;
            return false;
        }
        if (written > 0) {
            stream.deadline = now() + kPatience;
            stream.session->output_written(static_cast<size_t>(written));
        }
        if (written < static_cast<ssize_t>(output.size())) return stream.writing = true;
    }
}

void EventLoop::stream_is_mqtt(Stream& stream, std::string_view bytes) {
    shard::PeerAddress address = std::move(stream.address);
    CountedConnection counted = std::move(stream.counted);
    const int descriptor = release_stream(stream);
    adopt({descriptor, std::move(address), std::string(bytes), std::move(counted), nullptr, {}});
}

// What the session had to say has been sent.
void EventLoop::stream_goes_on_as_mqtt(Stream& stream, api::StreamSession::Continuation next) {
    HandedOver connection;
    connection.address = std::move(stream.address);
    connection.address.identity = std::move(next.identity);
    connection.address.transport = next.transport;
    connection.counted = std::move(stream.counted);
    connection.descriptor = release_stream(stream);
    if (!next.filter->received(next.rest, connection.bytes, connection.outside)) {
        (void)send(connection.descriptor, connection.outside.data(), connection.outside.size(), MSG_NOSIGNAL);
        ::close(connection.descriptor);
        return;
    }
    connection.filter = std::move(next.filter);
    adopt(std::move(connection));
}

// Gives the descriptor back; the stream is dead afterwards.
int EventLoop::release_stream(Stream& stream) {
    const int descriptor = stream.descriptor;
    std::unique_ptr<Stream> owned = std::move(streams_[stream.slot]);
    owned->session.reset();
    owned->counted = {};
    uv_close(reinterpret_cast<uv_handle_t*>(&owned.release()->poll),
             [](uv_handle_t* handle) { delete static_cast<Stream*>(handle->data); });
    if (--stream_count_ == 0) uv_timer_stop(&stream_look_);
    return descriptor;
}

// What a client still sends is not read, so a reset may overtake the last answer unless our side is shut first.
void EventLoop::end_stream(Stream& stream) {
    const bool lingers = !stream.lost && !stream.input_ended && stream.session && stream.session->is_ended();
    const int descriptor = release_stream(stream);
    if (lingers && shutdown(descriptor, SHUT_WR) == 0) return linger(descriptor);
    ::close(descriptor);
}

void EventLoop::look_at_streams() {
    for (size_t slot = 0; slot < streams_.size(); ++slot) {
        Stream* stream = streams_[slot].get();
        if (stream == nullptr || now() < stream->deadline) continue;
        if (!stream->session || stream->warned || (stream->waits == Waits::ForNothing && !stream->writing)) {
            end_stream(*stream);
            continue;
        }
        if (stream->waits == Waits::ForUs && !stream->writing) continue;
        stream->warned = true;
        stream->deadline = now() + kLastPatience;
        stream->session->time_is_up();
        go_on_with_stream(*stream);
    }
}

// At a stop: who waits for an answer gets it, as long as there is time.
void EventLoop::end_idle_streams(bool all) {
    for (size_t slot = 0; slot < streams_.size(); ++slot) {
        Stream* stream = streams_[slot].get();
        if (stream == nullptr) continue;
        const bool is_busy = stream->session && (stream->waits == Waits::ForUs || stream->writing);
        if (all || !is_busy) end_stream(*stream);
    }
}

}  // namespace runnel::net
