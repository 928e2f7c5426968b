// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/station.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "test/simulation/world.h"

namespace runnel::simulation {
namespace {

constexpr std::string_view kPromise = "a station is answered";

// The number behind `name` in a text, or nothing.
std::optional<uint64_t> number_behind(std::string_view text, std::string_view name) {
    const size_t at = text.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    uint64_t number = 0;
    const char* begin = text.data() + at + name.size();
    const auto read = std::from_chars(begin, text.data() + text.size(), number);
    return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

void Station::begin() {
    actions_left_ = world_.scenario().actions;
    think();
}

void Station::think() {
    if (is_done()) return;
    if (link_ == nullptr) connect();
    if (!asked_) {
        if (waiting_for_ == 0) choose();
        post();
    } else if (chance_.percent(10)) {
        std::exchange(link_, nullptr)->cut();
    }
    world_.schedule().after(chance_.between(1, world_.scenario().think_ms), [this] { think(); });
}

void Station::connect() {
    input_.clear();
    asked_ = false;
    ++links_;
    link_ = &world_.open_link(*this, Carries::Http);
}

void Station::choose() {
    --actions_left_;
    PublishedMessage& message = world_.ledger().add_message();
    // One connection is one publisher: the next one may be of another loop, which is not behind the first one.
    message.publisher = name_ + " on link " + std::to_string(links_);
    message.sequence = ++sequence_;
    message.topic = chance_.one_of({"a/1", "a/2", "a/b/c", "b/1", "b/2", "s/1", "s/2", "s/x/y", "hidden/1"});
    const auto most = static_cast<int64_t>(world_.scenario().settings.max_qos);
    message.qos = static_cast<mqtt::QoS>(chance_.between(0, most));
    message.padding = static_cast<size_t>(chance_.between(0, 100));
    message.has_key = true;
    waiting_for_ = message.number;
}

void Station::post() {
    PublishedMessage& message = *world_.ledger().find(waiting_for_);
    const Moment now = world_.ledger().now(world_.schedule().now());
    if (!message.first_sent.has_come()) message.first_sent = now;
    ++message.sends;
    asked_ = true;
    link_->send(request_for(message));
}

std::string Station::request_for(const PublishedMessage& message) {
    const std::string payload = payload_of(message);
    const std::string qos = std::to_string(static_cast<int>(message.qos));
    const std::string fields = "Host: broker\r\nIdempotency-Key: " + std::to_string(message.number) + "\r\n";
    if (chance_.percent(30)) {
        const std::string body =
            "{\"topic\": \"" + message.topic + "\", \"payload\": \"" + payload + "\", \"qos\": " + qos + "}";
        return "POST /v1/publish HTTP/1.1\r\n" + fields +
               "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    const std::string head = "POST /v1/topics/" + message.topic + "?qos=" + qos + " HTTP/1.1\r\n" + fields;
    if (chance_.percent(60)) return head + "Content-Length: " + std::to_string(payload.size()) + "\r\n\r\n" + payload;
    // In chunks of one digit of size.
    std::string chunks;
    for (size_t at = 0; at < payload.size();) {
        const size_t size = std::min<size_t>(payload.size() - at, static_cast<size_t>(chance_.between(1, 9)));
        chunks += std::to_string(size) + "\r\n" + payload.substr(at, size) + "\r\n";
        at += size;
    }
    return head + "Transfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n";
}

void Station::bytes_arrived(std::string_view bytes) {
    input_ += bytes;
    const size_t end = input_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string_view head = std::string_view(input_).substr(0, end);
    const auto status = number_behind(head, "HTTP/1.1 ");
    const auto length = number_behind(head, "Content-Length: ");
    if (!status || !length) return world_.complain(kPromise, "what is no answer: " + std::string(head));
    if (input_.size() < end + 4 + *length) return;
    const std::string body = input_.substr(end + 4, *length);
    input_.erase(0, end + 4 + *length);
    if (!asked_ || !input_.empty()) return world_.complain(kPromise, "more than it has asked");
    asked_ = false;
    answered(static_cast<int>(*status), body);
}

void Station::answered(int status, std::string_view body) {
    if (status == 503) return;  // The answer is to ask again.
    const auto matched = number_behind(body, "\"matched\":");
    if (status != 200 || !matched)
        return world_.complain(kPromise, "with " + std::to_string(status) + " " + std::string(body));
    PublishedMessage& message = *world_.ledger().find(std::exchange(waiting_for_, 0));
    message.acknowledged = world_.ledger().now(world_.schedule().now());
    message.told_nobody = *matched == 0;
}

void Station::closed_by_broker() {
    link_ = nullptr;
    asked_ = false;
}

void Station::leave() {
    if (link_ != nullptr) std::exchange(link_, nullptr)->finish();
}

}  // namespace runnel::simulation
