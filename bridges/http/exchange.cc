// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/exchange.h"

namespace runnel::http {

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
    if (const auto connection = connection_.lock(); connection && connection->is_answering()) {
        connection->answer(response);
        connection->wake();
    }
}

void Exchange::begin(const Response& head) {
    if (state_ != State::Waiting) return;
    state_ = State::InParts;
    if (const auto connection = connection_.lock(); connection && connection->is_answering()) {
        connection->begin_answer(head);
        connection->wake();
    }
}

void Exchange::write(std::string_view part) {
    if (state_ != State::InParts) return;
    if (const auto connection = connection_.lock()) {
        connection->write_part(part);
        connection->wake();
    }
}

void Exchange::end() {
    if (state_ != State::InParts) return;
    state_ = State::Answered;
    if (const auto connection = connection_.lock(); connection && connection->is_answering()) {
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
