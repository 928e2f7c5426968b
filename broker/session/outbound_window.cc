// SPDX-License-Identifier: Apache-2.0
#include "broker/session/outbound_window.h"

namespace runnel::session {
namespace {

constexpr uint32_t kIdentifiers = 65'535;  // 1 to 65,535.
constexpr size_t kFreePlacesKept = 16;

// The identifier `steps` after `identifier`, going round from 65,535 to 1.
mqtt::PacketIdentifier advanced(mqtt::PacketIdentifier identifier, uint32_t steps) {
    return static_cast<mqtt::PacketIdentifier>((identifier - 1u + steps) % kIdentifiers + 1u);
}

uint32_t steps_between(mqtt::PacketIdentifier from, mqtt::PacketIdentifier to) {
    return (to + kIdentifiers - from) % kIdentifiers;
}

}  // namespace

mqtt::PacketIdentifier OutboundWindow::add(Delivery delivery) {
    RUNNEL_CHECK(size_ < kIdentifiers);
    if (entries_.size() > 2 * size_ + kFreePlacesKept) drop_free_places();
    if (free_run_ == 0) find_free_run();
    const mqtt::PacketIdentifier identifier = next_;
    next_ = advanced(next_, 1);
    --free_run_;
    const State state = delivery.qos == mqtt::QoS::ExactlyOnce ? State::AwaitingPubrec : State::AwaitingPuback;
    entries_.push_back(Entry{std::move(delivery), 0, identifier, state});
    ++size_;
    return identifier;
}

// A client that never acknowledges its oldest message would otherwise make the ring longer with each one that it does.
void OutboundWindow::drop_free_places() {
    for (size_t left = entries_.size(); left > 0; --left) {
        Entry entry = entries_.pop_front();
        if (entry.state != State::Free) entries_.push_back(std::move(entry));
    }
}

// Moves next_ to a free identifier and learns how many free ones follow.
void OutboundWindow::find_free_run() {
    if (size_ == 0) {
        free_run_ = kIdentifiers;
        return;
    }
    while (find(next_) != nullptr)
        next_ = advanced(next_, 1);
    uint32_t nearest = kIdentifiers;
    for_each([&](const Entry& entry) { nearest = std::min(nearest, steps_between(next_, entry.packet_identifier)); });
    free_run_ = nearest;
}

void OutboundWindow::restore(Entry entry) {
    RUNNEL_CHECK(find(entry.packet_identifier) == nullptr);
    next_ = advanced(entry.packet_identifier, 1);
    pubrels_ = std::max(pubrels_, entry.pubrel_order);
    free_run_ = 0;
    entries_.push_back(std::move(entry));
    ++size_;
}

// An index beyond the end, also one that went below 0, is no place.
OutboundWindow::Entry* OutboundWindow::live_at(size_t index, mqtt::PacketIdentifier identifier) {
    if (index >= entries_.size()) return nullptr;
    Entry& entry = entries_[index];
    return entry.packet_identifier == identifier && entry.state != State::Free ? &entry : nullptr;
}

OutboundWindow::Entry* OutboundWindow::find(mqtt::PacketIdentifier identifier) {
    if (entries_.empty()) return nullptr;
    // Identifiers are given in order, so the place is known, counted from one end or the other, unless some were
    // skipped in between.
    const size_t last = entries_.size() - 1;
    if (Entry* entry = live_at(steps_between(entries_.front().packet_identifier, identifier), identifier)) return entry;
    if (Entry* entry = live_at(last - steps_between(identifier, entries_.back().packet_identifier), identifier))
        return entry;
    for (size_t i = 0; i <= last; ++i)
        if (Entry* entry = live_at(i, identifier)) return entry;
    return nullptr;
}

void OutboundWindow::released(Entry& entry) {
    entry.state = State::AwaitingPubcomp;
    entry.pubrel_order = ++pubrels_;
    entry.delivery.message = {};
}

void OutboundWindow::remove(Entry& entry) {
    RUNNEL_CHECK(entry.state != State::Free);
    entry.state = State::Free;
    entry.delivery = {};
    --size_;
    while (!entries_.empty() && entries_.front().state == State::Free)
        entries_.pop_front();
}

}  // namespace runnel::session
