// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/connection.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "bridges/http/target.h"
#include "broker/base/check.h"

namespace runnel::http {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr size_t kMethodSizeMax = 32;  // With the blank behind it.
constexpr size_t kVersionSize = 9;     // With the blank before it.

// Of a request line; what is between its first and last blank.
size_t target_size_of(std::string_view head) {
    const std::string_view line = head.substr(0, head.find('\r'));
    const size_t begin = line.find(' ');
    const size_t end = line.rfind(' ');
    return begin == std::string_view::npos || end == begin ? line.size() : end - begin - 1;
}

}  // namespace

void HttpConnection::bytes_received(std::string_view bytes) {
    if (!ended_) input_.append(bytes);
    go_on_reading();
}

std::optional<Request> HttpConnection::take_request() {
    if (answering_ || ended_ || has_switched_ || !has_room()) return std::nullopt;
    if (!parser_) read_head();
    if (parser_ && parser_->state() == Parser::State::Body && streams_body_ && streams_body_(request_)) {
        streaming_ = true;
        streamed_bytes_ = 0;
        return give_out();
    }
    if (parser_ && parser_->state() != Parser::State::Complete) read_body();
    if (ended_ || !parser_ || parser_->state() != Parser::State::Complete) {
        if (input_ended_) ended_ = true;  // The rest of it will never come.
        return std::nullopt;
    }
    return make_request();
}

Request HttpConnection::make_request() {
    request_.body = std::move(parser_->body());
    parser_.reset();
    return give_out();
}

Request HttpConnection::give_out() {
    answering_ = true;
    leaves_body_out_ = request_.method == "HEAD";
    keeps_alive_ = request_.keeps_alive;
    is_http_1_0_ = request_.is_http_1_0;
    return std::move(request_);
}

bool HttpConnection::fails(const std::optional<Fault>& fault) {
    if (!fault) return false;
    refuse(*fault);
    return true;
}

// There is a parser then if the head is there, and is one.
void HttpConnection::read_head() {
    if (input_.starts_with("\r\n")) input_.erase(0, 2);  // Some clients send one behind a body (RFC 9112 section 2.2).
    const size_t end = input_.find(kHeadEnd, searched_);
    if (end == std::string::npos) {
        return head_incomplete();
    }
    const size_t size = end + kHeadEnd.size();
    const std::string_view head = std::string_view(input_).substr(0, size);
    if (target_size_of(head) > limits_.target_size_max) {
        return refuse({414, "target-too-long", "The request target is too long."});
    }
    if (fails(find_fault_in_lines(head, limits_))) return;
    parser_.emplace(Parser::Kind::Request);
    parser_->parse(head);
    input_.erase(0, size);
    searched_ = 0;
    body_bytes_read_ = 0;
    take_over_head();
}

// What the parser has found becomes the request.
void HttpConnection::take_over_head() {
    if (parser_->state() == Parser::State::Failed || parser_->state() == Parser::State::Head) {
        if (parser_->version_is_wrong()) {
            refuse({505, "http-version", "Only HTTP/1.1 and HTTP/1.0 are spoken here."});
        } else {
            refuse({400, "malformed", "The request is malformed."});
        }
        return;
    }
    request_ = {};
    request_.method = parser_->method();
    request_.target = parser_->target();
    request_.headers = std::move(parser_->headers());
    request_.is_http_1_0 = parser_->is_http_1_0();
    request_.keeps_alive = parser_->keeps_alive();
    if (!read_target(request_)) return refuse({400, "malformed", "The request target is malformed."});
    Limits limits = limits_;
    if (streams_body_ && streams_body_(request_)) limits.body_size_max = SIZE_MAX;
    if (fails(find_fault_in_fields(request_, limits))) return;
    const bool waits = request_.headers.find("Expect") != nullptr && !request_.is_http_1_0;
    if (waits && input_.empty() && parser_->state() == Parser::State::Body) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

// No end of a head yet: refuses early what will not become one.
void HttpConnection::head_incomplete() {
    searched_ = input_.size() < kHeadEnd.size() ? 0 : input_.size() - kHeadEnd.size() + 1;
    if (input_.empty() || input_ == "\r") return;
    const size_t line = input_.find('\n');
    if (input_.front() < 'A' || input_.front() > 'Z') {
        refuse({400, "malformed", "This is not HTTP."});
    } else if (std::min(line, input_.size()) > limits_.target_size_max + kMethodSizeMax + kVersionSize + 1) {
        refuse({414, "target-too-long", "The request target is too long."});
    } else if (line != std::string::npos && input_.size() - line > limits_.headers_size_max) {
        refuse({431, "headers-too-large", "The header fields are too large."});
    } else if (line != std::string::npos && (line == 0 || input_[line - 1] != '\r')) {
        refuse({400, "malformed", "A line does not end with CR LF."});
    }
}

void HttpConnection::read_body() {
    const size_t size = parser_->parse(input_);
    input_.erase(0, size);
    body_bytes_read_ += size;
    const size_t body = parser_->body().size();
    if (parser_->state() == Parser::State::Failed) {
        refuse({400, "malformed", "The body is malformed."});
    } else if (body > limits_.body_size_max) {
        refuse({413, "body-too-large", "The body is too large."});
    } else if (body_bytes_read_ - body > kFramingMax + kFramingPerByte * body) {
        refuse({400, "malformed", "There is too much around the body."});
    }
}

void HttpConnection::read_body_with(std::shared_ptr<BodyReader> reader) {
    if (!streaming_) return;
    body_reader_ = std::move(reader);
    go_on_reading();
}

void HttpConnection::go_on_reading() {
    while (is_reading_body() && !ended_ && (!input_.empty() || input_ended_)) {
        if (input_.empty()) return abandon_answer();  // The rest of it will never come.
        const size_t size = parser_->parse(input_);
        input_.erase(0, size);
        body_bytes_read_ += size;
        const std::string bytes = std::exchange(parser_->body(), {});
        streamed_bytes_ += bytes.size();
        if (parser_->state() == Parser::State::Failed || is_too_much_framing()) return abandon_answer();
        const bool is_whole = parser_->state() == Parser::State::Complete;
        const std::shared_ptr<BodyReader> reader = body_reader_;
        if (is_whole) {
            streaming_ = false;
            body_reader_.reset();
            parser_.reset();
        }
        if (!bytes.empty()) reader->body_received(bytes);
        if (is_whole) return reader->body_ended();
    }
}

bool HttpConnection::is_too_much_framing() const {
    return body_bytes_read_ - streamed_bytes_ > kFramingMax + kFramingPerByte * streamed_bytes_;
}

void HttpConnection::refuse(const Fault& fault) {
    if (ended_) return;
    if (answering_ && sending_ != Sending::Nothing) return abandon_answer();
    leaves_body_out_ = false;
    answering_ = true;
    parser_.reset();
    input_.clear();
    answer(problem(fault.status, fault.type, fault.detail), true);
}

void HttpConnection::write_head(const Response& response, std::optional<size_t> length) {
    append_head(output_, response.status, {&response.headers, &answer_fields_});
    const bool has_no_body = response.status == 204 || response.status == 304 || response.status < 200;
    if (length && !has_no_body) append_field(output_, "Content-Length", std::to_string(*length));
    if (sending_ == Sending::Chunks) append_field(output_, "Transfer-Encoding", "chunked");
    if (!keeps_alive_) append_field(output_, "Connection", "close");
    if (keeps_alive_ && is_http_1_0_) append_field(output_, "Connection", "keep-alive");
    output_ += "\r\n";
}

void HttpConnection::answer(const Response& response, bool ends_connection) {
    RUNNEL_CHECK(answering_ && sending_ == Sending::Nothing);
    if (ends_connection || streaming_) keeps_alive_ = false;
    write_head(response, response.body.size());
    if (!leaves_body_out_ && response.status != 204 && response.status != 304) output_ += response.body;
    end_answer();
}

void HttpConnection::switch_protocols(const Headers& headers) {
    RUNNEL_CHECK(answering_ && sending_ == Sending::Nothing);
    keeps_alive_ = true;
    is_http_1_0_ = false;
    write_head({101, headers, {}}, std::nullopt);
    answering_ = false;
    has_switched_ = true;
}

void HttpConnection::give_up_to_filter() {
    RUNNEL_CHECK(answering_ && sending_ == Sending::Nothing);
    answering_ = false;
    has_switched_ = true;
}

void HttpConnection::begin_answer(const Response& head) {
    RUNNEL_CHECK(answering_ && sending_ == Sending::Nothing);
    sending_ = is_http_1_0_ ? Sending::UntilEnd : Sending::Chunks;
    if (sending_ == Sending::UntilEnd) keeps_alive_ = false;
    write_head(head, std::nullopt);
    if (leaves_body_out_) sending_ = Sending::BodyLeftOut;
}

void HttpConnection::write_part(std::string_view bytes) {
    if (bytes.empty() || sending_ == Sending::BodyLeftOut || sending_ == Sending::Nothing) return;
    if (sending_ == Sending::UntilEnd) {
        output_ += bytes;
        return;
    }
    char size[16];
    const char* end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
    output_.append(size, static_cast<size_t>(end - size)).append("\r\n").append(bytes).append("\r\n");
}

void HttpConnection::end_answer() {
    if (sending_ == Sending::Chunks) output_ += "0\r\n\r\n";
    sending_ = Sending::Nothing;
    answering_ = false;
    if (!keeps_alive_ || streaming_) ended_ = true;
    if (streaming_) end_body();
}

void HttpConnection::abandon_answer() {
    sending_ = Sending::Nothing;
    answering_ = false;
    ended_ = true;
    wants_room_ = nullptr;
    end_body();
}

void HttpConnection::end_body() {
    streaming_ = false;
    body_reader_.reset();
    parser_.reset();
}

void HttpConnection::offer_room() {
    if (has_room_wanted()) std::exchange(wants_room_, nullptr)();
}

void HttpConnection::output_written(size_t size) {
    written_ += size;
    RUNNEL_CHECK(written_ <= output_.size());
    if (written_ < output_.size() && written_ < kRoomBelow) return;
    output_.erase(0, written_);
    written_ = 0;
}

}  // namespace runnel::http
