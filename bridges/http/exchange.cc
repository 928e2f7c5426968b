// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/exchange.h"

#include "bridges/http/negotiation.h"

namespace runnel::http {
namespace {

// A shorter answer fits a packet as it is.
constexpr size_t kWorthGzip = 1400;

Response coded_as_gzip(Response response) {
    response.headers.add("Content-Encoding", "gzip");
    response.body = gzipped(response.body);
    return response;
}

}  // namespace

Exchange::~Exchange() {
    const auto connection = connection_.lock();
    if (!connection || !connection->is_answering()) return;
    if (state_ == State::Waiting) connection->answer(problem(500, "internal", "The request was not answered."));
    if (state_ == State::InParts) connection->abandon_answer();
    connection->wake();
}

void Exchange::answer(const Response& response) {
    if (state_ != State::Waiting) return;
    state_ = State::Answered;
    if (!response.is_compressible || response.body.size() < kWorthGzip) return send(response);
    Response varying = response;
    varying.headers.add("Vary", "Accept-Encoding");
    send(accepts_gzip(request_.headers) ? coded_as_gzip(std::move(varying)) : varying);
}

void Exchange::send(const Response& response) {
    if (const auto connection = connection_.lock(); connection && connection->is_answering()) {
        connection->answer(response);
        connection->wake();
    }
}

void Exchange::begin(const Response& head) {
    if (state_ != State::Waiting) return;
    state_ = State::InParts;
    Response varying = head;
    if (head.is_compressible) {
        varying.headers.add("Vary", "Accept-Encoding");
        if (accepts_gzip(request_.headers)) {
            varying.headers.add("Content-Encoding", "gzip");
            gzip_ = std::make_unique<GzipStream>();
        }
    }
    if (const auto connection = connection_.lock(); connection && connection->is_answering()) {
        connection->begin_answer(varying);
        connection->wake();
    }
}

void Exchange::write(std::string_view part) {
    if (state_ != State::InParts) return;
    const auto connection = connection_.lock();
    if (!connection) return;
    std::string packed;
    if (gzip_) gzip_->write(part, packed);
    connection->write_part(gzip_ ? std::string_view(packed) : part);
    connection->wake();
}

void Exchange::end() {
    if (state_ != State::InParts) return;
    state_ = State::Answered;
    if (const auto connection = connection_.lock(); connection && connection->is_answering()) {
        std::string rest;
        if (gzip_) gzip_->end(rest);
        connection->write_part(rest);
        connection->end_answer();
        connection->wake();
    }
}

bool Exchange::has_room() const {
    const auto connection = connection_.lock();
    return connection && connection->has_room();
}

void Exchange::when_room(std::function<void()> go_on) {
    if (state_ != State::InParts) return;
    if (const auto connection = connection_.lock(); connection && connection->is_answering())
        connection->when_room(std::move(go_on));
}

void Exchange::go_on_with(std::unique_ptr<api::ByteFilter> filter, api::Identity identity) {
    const auto connection = connection_.lock();
    if (state_ != State::Waiting || !connection || !connection->is_answering()) return;
    state_ = State::Answered;
    connection->give_up_to_filter();
    caller_->continuation.filter = std::move(filter);
    caller_->continuation.identity = std::move(identity);
    connection->wake();
}

void Exchange::read_body_with(std::shared_ptr<BodyReader> reader) {
    if (const auto connection = connection_.lock(); connection && connection->is_answering())
        connection->read_body_with(std::move(reader));
}

void Exchange::go_on_reading() {
    if (const auto connection = connection_.lock()) connection->go_on_reading();
}

bool Exchange::is_open() const {
    const auto connection = connection_.lock();
    return connection && state_ != State::Answered && connection->is_answering();
}

void Exchange::abandon() {
    if (state_ == State::Answered) return;
    state_ = State::Answered;
    if (const auto connection = connection_.lock(); connection && connection->is_answering()) {
        connection->abandon_answer();
        connection->wake();
    }
}

}  // namespace runnel::http
