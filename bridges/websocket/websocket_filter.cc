// SPDX-License-Identifier: Apache-2.0
#include "bridges/websocket/websocket_filter.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "broker/base/check.h"
#include "broker/mqtt/text.h"

namespace runnel::websocket {
namespace {

// Pings in the bytes of one read, above which the client is not a client.
constexpr uint32_t kPingsMax = 64;

constexpr char kFinalBinary = static_cast<char>(0x82);
constexpr char kLengthIn16Bits = 126;
constexpr char kLengthIn64Bits = 127;

// The head of a frame from a server, which is never masked (section 5.2).
void append_head(std::string& out, uint64_t length) {
    out.push_back(kFinalBinary);
    int bytes = 0;
    if (length < 126) {
        out.push_back(static_cast<char>(length));
    } else if (length <= 0xFFFF) {
        out.push_back(kLengthIn16Bits);
        bytes = 2;
    } else {
        out.push_back(kLengthIn64Bits);
        bytes = 8;
    }
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(length >> shift));
}

}  // namespace

// What wslay calls. Each is given the filter.
struct WebSocketFilter::Callbacks {
    static WebSocketFilter& filter(void* user) { return *static_cast<WebSocketFilter*>(user); }

    static ssize_t receive(wslay_event_context* frames, uint8_t* to, size_t room, int, void* user) {
        std::string_view& input = filter(user).input_;
        if (input.empty()) {
            wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
            return -1;
        }
        const size_t size = std::min(room, input.size());
        std::memcpy(to, input.data(), size);
        input.remove_prefix(size);
        return static_cast<ssize_t>(size);
    }

    static ssize_t send(wslay_event_context*, const uint8_t* bytes, size_t size, int, void* user) {
        filter(user).answers_.append(reinterpret_cast<const char*>(bytes), size);
        return static_cast<ssize_t>(size);
    }

    static void frame_began(wslay_event_context*, const wslay_event_on_frame_recv_start_arg* frame, void* user) {
        WebSocketFilter& self = filter(user);
        const bool is_control = (frame->opcode & 8) != 0;
        self.carries_mqtt_ = !is_control;
        self.is_bare_close_ = frame->opcode == WSLAY_CONNECTION_CLOSE && frame->payload_length == 0;
        if (frame->opcode == WSLAY_TEXT_FRAME) self.end(WSLAY_CODE_UNSUPPORTED_DATA);  // [MQTT-6.0.0-1]
        if (frame->opcode == WSLAY_PING && ++self.pings_ > kPingsMax) self.end(WSLAY_CODE_POLICY_VIOLATION);
    }

    // Of control frames only. wslay looks at each chunk of a reason by itself, and so not at all of it.
    static void control_frame_came(wslay_event_context*, const wslay_event_on_msg_recv_arg* control, void* user) {
        if (control->opcode != WSLAY_CONNECTION_CLOSE || control->msg_length < 2) return;
        const std::string_view reason(reinterpret_cast<const char*>(control->msg) + 2, control->msg_length - 2);
        if (!mqtt::is_valid_utf8(reason)) filter(user).bad_close_size_ = control->msg_length;
    }

    static void bytes_came(wslay_event_context*, const wslay_event_on_frame_recv_chunk_arg* chunk, void* user) {
        WebSocketFilter& self = filter(user);
        if (self.ended_ || !self.carries_mqtt_) return;
        self.inside_->append(reinterpret_cast<const char*>(chunk->data), chunk->data_length);
    }
};

struct WebSocketFilter::Frames {
    wslay_event_context* wslay = nullptr;

    Frames() = default;
    Frames(const Frames&) = delete;
    Frames& operator=(const Frames&) = delete;
    ~Frames() { wslay_event_context_free(wslay); }
};

WebSocketFilter::WebSocketFilter(uint64_t frame_size_max)
    : frames_(std::make_unique<Frames>()), frame_size_max_(frame_size_max) {
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = Callbacks::receive;
    callbacks.send_callback = Callbacks::send;
    callbacks.on_frame_recv_start_callback = Callbacks::frame_began;
    callbacks.on_frame_recv_chunk_callback = Callbacks::bytes_came;
    callbacks.on_msg_recv_callback = Callbacks::control_frame_came;
    RUNNEL_CHECK(wslay_event_context_server_init(&frames_->wslay, &callbacks, this) == 0);
    wslay_event_config_set_no_buffering(frames_->wslay, 1);
}

WebSocketFilter::~WebSocketFilter() = default;

bool WebSocketFilter::received(std::string_view bytes, std::string& inside, std::string& outside) {
    if (ended_) return false;
    const auto too_long = lengths_.find_longer(bytes, frame_size_max_);
    input_ = bytes.substr(0, too_long.value_or(bytes.size()));
    inside_ = &inside;
    pings_ = 0;
    if (wslay_event_recv(frames_->wslay) != 0) ended_ = true;
    // Of its own accord wslay stops reading for a close of the client and for a broken rule, and answers both.
    if (wslay_event_get_read_enabled(frames_->wslay) == 0) ended_ = true;
    inside_ = nullptr;
    if (too_long) end(WSLAY_CODE_MESSAGE_TOO_BIG);
    take_answers(outside);
    return !ended_;
}

void WebSocketFilter::end(uint16_t status_code) {
    if (ended_) return;
    ended_ = true;
    wslay_event_queue_close(frames_->wslay, status_code, nullptr, 0);
    wslay_event_shutdown_read(frames_->wslay);
}

// Where wslay closes for a broken frame it gives no reason, and it sends a reason back that it has seen only in part.
void WebSocketFilter::correct_close() {
    constexpr std::string_view kBareClose("\x88\0", 2);
    constexpr std::string_view kProtocolError("\x88\2\x03\xea");
    constexpr std::string_view kInvalidPayload("\x88\2\x03\xef");
    if (answers_.ends_with(kBareClose) && !is_bare_close_)
        answers_.replace(answers_.size() - kBareClose.size(), kBareClose.size(), kProtocolError);
    const size_t bad = std::exchange(bad_close_size_, 0) + 2;
    if (bad > 2 && answers_.size() >= bad && !answers_.ends_with(kInvalidPayload))
        answers_.replace(answers_.size() - bad, bad, kInvalidPayload);
}

void WebSocketFilter::take_answers(std::string& outside) {
    wslay_event_send(frames_->wslay);
    correct_close();
    outside.append(answers_);
    answers_.clear();
}

void WebSocketFilter::wrap(std::span<const std::string_view> inside, std::string& outside) {
    size_t size = 0;
    for (const std::string_view piece : inside)
        size += piece.size();
    append_head(outside, size);
    for (const std::string_view piece : inside)
        outside.append(piece);
}

void WebSocketFilter::close(std::string& outside) {
    end(WSLAY_CODE_NORMAL_CLOSURE);
    take_answers(outside);
}

}  // namespace runnel::websocket
