// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/link.h"

#include <algorithm>

#include "test/simulation/loop.h"

namespace runnel::simulation {

Link::Link(uint32_t number, Network& network, LinkEnd* end, bool steady, Carries carries)
    : number_(number),
      steady_(steady),
      carries_(carries),
      network_(network),
      end_(end),
      room_(SIZE_MAX),
      last_arrival_(network.schedule.now()) {
    tapped.link = number;
    if (!steady && network.chance.percent(network.scenario.small_socket_percent))
        room_ = static_cast<size_t>(network.chance.between(20, 400));
    if (carries != Carries::MqttOverWebSocket) return;
    wire_ = std::make_unique<WebWire>(network.chance);
    transmit(WebWire::request());
}

// Never before what was sent earlier.
Time Link::next_arrival() {
    const int64_t delay = network_.chance.between(0, network_.scenario.network_delay_ms);
    last_arrival_ = std::max(last_arrival_, network_.schedule.now() + Duration{delay});
    return last_arrival_;
}

void Link::send(std::string_view bytes) {
    if (wire_ == nullptr) return transmit(bytes);
    transmit(wire_->wrap(bytes));
}

void Link::transmit(std::string_view bytes) {
    while (!bytes.empty()) {
        size_t size = bytes.size();
        if (network_.chance.percent(network_.scenario.split_percent)) size = 1 + network_.chance.below(size);
        on_the_way_.emplace_back(bytes.substr(0, size));
        bytes.remove_prefix(size);
        network_.schedule.at(next_arrival(), [this] {
            if (on_the_way_.empty()) return;  // Lost with the cut.
            const std::string first = std::move(on_the_way_.front());
            on_the_way_.pop_front();
            arrive(first);
        });
    }
}

void Link::arrive(std::string_view bytes) {
    arrived_ += bytes;
    if (loop != nullptr) loop->readable(*this);
}

void Link::finish() {
    if (!open_) return;
    open_ = false;
    end_ = nullptr;
    network_.schedule.at(next_arrival(), [this] { end_arrives(); });
}

void Link::cut() {
    if (!open_) return;
    cut_ = true;
    if (network_.chance.percent(50)) {
        on_the_way_.clear();
        if (network_.chance.percent(50)) arrived_.clear();
    }
    sent_.clear();
    finish();
}

void Link::end_arrives() {
    end_of_stream_ = true;
    if (loop != nullptr) loop->readable(*this);
}

void Link::pause(bool paused) {
    paused_ = paused;
    if (!paused) schedule_read();
}

std::string Link::read() {
    constexpr size_t kReadSize = 4096;
    size_t size = std::min(arrived_.size(), kReadSize);
    if (size > 1 && network_.chance.percent(network_.scenario.split_percent)) size = 1 + network_.chance.below(size);
    std::string bytes = arrived_.substr(0, size);
    arrived_.erase(0, size);
    return bytes;
}

size_t Link::write(std::string_view bytes) {
    if (cut_) return bytes.size();  // Goes nowhere; the loop will learn it.
    size_t size = std::min(bytes.size(), room_ - std::min(room_, sent_.size()));
    if (size > 1 && network_.chance.percent(network_.scenario.partial_write_percent))
        size = 1 + network_.chance.below(size);
    sent_.append(bytes.substr(0, size));
    if (size < bytes.size()) blocked_ = true;
    schedule_read();
    return size;
}

void Link::close_by_broker() {
    closed_by_broker_ = true;
    schedule_read();
}

void Link::schedule_read() {
    const bool something = !sent_.empty() || closed_by_broker_ || blocked_;
    if (read_scheduled_ || paused_ || !something) return;
    read_scheduled_ = true;
    network_.schedule.after(network_.chance.between(0, network_.scenario.network_delay_ms), [this] {
        read_scheduled_ = false;
        if (!paused_) client_reads();
    });
}

std::string Link::unwrapped(std::string bytes) {
    if (wire_ == nullptr || end_ == nullptr) return bytes;
    std::string back;
    const std::string inside = wire_->unwrap(bytes, back);
    if (!wire_->fault().empty())
        network_.complaints.add(network_.schedule.now(), "WebSocket is spoken as it should be", wire_->fault());
    transmit(back);
    return inside;
}

void Link::client_reads() {
    size_t size = sent_.size();
    if (size > 1 && !steady_ && network_.chance.percent(network_.scenario.split_percent))
        size = 1 + network_.chance.below(size);
    const std::string bytes = unwrapped(sent_.substr(0, size));
    sent_.erase(0, size);
    if (end_ != nullptr && !bytes.empty()) {
        network_.trace.note(network_.schedule.now(), "read", number_, bytes);
        end_->bytes_arrived(bytes);
    }
    if (blocked_) {
        blocked_ = false;
        if (loop != nullptr) loop->writable(*this);
    }
    if (!sent_.empty()) return schedule_read();
    if (!closed_by_broker_ || !open_) return;
    open_ = false;
    if (end_ != nullptr) std::exchange(end_, nullptr)->closed_by_broker();
}

}  // namespace runnel::simulation
