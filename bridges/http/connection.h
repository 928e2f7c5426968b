// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bridges/http/body_reader.h"
#include "bridges/http/parser.h"

namespace runnel::http {

// The server's side of one HTTP/1.1 connection: bytes in, requests out; answers in, bytes out. One request at a time;
// those that a client sends ahead wait as bytes, of which input_is_full() bounds the number. What cannot be read is
// answered here, and ends the connection.
class HttpConnection {
public:
    // Which requests are given out when their head has come, with their body to be read as it comes.
    using StreamsBody = std::function<bool(const Request&)>;

    explicit HttpConnection(const Limits& limits = {}, StreamsBody streams_body = nullptr)
        : limits_(limits), streams_body_(std::move(streams_body)) {}

    void bytes_received(std::string_view bytes);
    // The client sends nothing more; what is there is still answered.
    void input_ended() { input_ended_ = true; }
    // The next request, when it is complete (or to be streamed) and the one before has been answered.
    std::optional<Request> take_request();

    // The answer to the request that was taken. `ends_connection` closes after it.
    void answer(const Response& response, bool ends_connection = false);
    // Or in parts: the head of a response, whose body is empty, then any number of parts, then the end. Chunked for
    // HTTP/1.1, until the end of the connection for HTTP/1.0.
    void begin_answer(const Response& head);
    void write_part(std::string_view bytes);
    void end_answer();
    // The answer cannot be brought to its end: the client learns so by the end of the connection.
    void abandon_answer();
    // Who reads the body of the request that was taken, if that is streamed. An answer without one ends the connection.
    void read_body_with(std::shared_ptr<BodyReader> reader);
    // The reader wants more again.
    void go_on_reading();

    // Refuses what has not been read to its end, if there is something, and ends the connection: for a time that is up.
    void refuse(const Fault& fault);

    // What is to be sent. The view ends with the next call.
    std::string_view output() const { return std::string_view(output_).substr(written_); }
    void output_written(size_t size);
    // An answer in parts may go on: not so much waits to be sent that more should wait behind it.
    bool has_room() const { return output_.size() - written_ < kRoomBelow; }
    // Called once, by offer_room(), when there is room; what it holds lives no longer than the connection.
    void when_room(std::function<void()> go_on) { wants_room_ = std::move(go_on); }
    void offer_room();
    bool has_room_wanted() const { return wants_room_ && has_room(); }

    // Stop reading: the client is ahead of its answers.
    bool input_is_full() const { return input_.size() > kInputMax || output_.size() - written_ > kOutputMax; }
    // Close when the output is written.
    bool is_ended() const { return ended_ || (input_ended_ && !answering_ && is_at_start()); }
    bool has_output() const { return written_ < output_.size(); }
    // A request has begun and has not come whole.
    bool has_partial_request() const { return !answering_ && !ended_ && !is_at_start(); }
    bool is_answering() const { return answering_; }
    // The body of the request that is answered comes still, and the client is waited for.
    bool is_reading_body() const { return body_reader_ && body_reader_->wants_more(); }

    // Answers with 101 and reads no more: what is left of the input belongs to the other protocol.
    void switch_protocols(const Headers& headers);
    // Ends the answer without one: the whole output from now on comes from a filter.
    void give_up_to_filter();
    std::string take_rest() { return std::exchange(input_, {}); }
    bool has_switched() const { return has_switched_; }

    // Called after an answer, or a part of one, was given.
    void on_output(std::function<void()> wake) { wake_ = std::move(wake); }
    void wake() const {
        if (wake_) wake_();
    }

private:
    static constexpr size_t kInputMax = size_t{64} << 10;
    static constexpr size_t kOutputMax = size_t{256} << 10;
    static constexpr size_t kRoomBelow = size_t{64} << 10;
    // What may lie around the bytes of a chunked body: sizes, extensions, trailing header fields.
    static constexpr size_t kFramingMax = size_t{16} << 10;
    static constexpr size_t kFramingPerByte = 8;

    enum class Sending : uint8_t { Nothing, Chunks, UntilEnd, BodyLeftOut };

    bool is_at_start() const { return !parser_ && input_.empty(); }
    void read_head();
    void take_over_head();
    void read_body();
    bool fails(const std::optional<Fault>& fault);
    void head_incomplete();
    void write_head(const Response& response, std::optional<size_t> length);
    Request make_request();
    Request give_out();
    void end_body();
    bool is_too_much_framing() const;

    Limits limits_;
    StreamsBody streams_body_;
    std::string input_;
    size_t searched_ = 0;  // Of the input: no end of a head there.
    std::optional<Parser> parser_;
    Request request_;  // The one whose head has been read.
    size_t body_bytes_read_ = 0;
    size_t streamed_bytes_ = 0;  // Of the body, as it reached its reader.
    bool streaming_ = false;     // The body of the request that was given out has not come to its end.
    std::shared_ptr<BodyReader> body_reader_;
    std::string output_;
    size_t written_ = 0;
    std::function<void()> wants_room_;
    Sending sending_ = Sending::Nothing;
    bool answering_ = false;
    bool leaves_body_out_ = false;  // HEAD.
    bool is_http_1_0_ = false;
    bool keeps_alive_ = true;
    bool input_ended_ = false;
    bool ended_ = false;
    bool has_switched_ = false;
    std::function<void()> wake_;
};

}  // namespace runnel::http
