// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "broker/base/ring.h"
#include "broker/session/delivery.h"

namespace runnel::session {

// The QoS 1 and 2 deliveries that were sent to a client and are not acknowledged yet, in the order they were sent, each
// with its Packet Identifier (section 4.3, sender side). Survives the connection.
class OutboundWindow {
public:
    enum class State : uint8_t {
        Free,             // Acknowledged; its place leaves the ring in its turn, or when too many wait for that.
        AwaitingPuback,   // QoS 1.
        AwaitingPubrec,   // QoS 2, PUBLISH sent.
        AwaitingPubcomp,  // QoS 2, PUBREL sent: the PUBLISH is never sent again [MQTT-4.3.3-6].
    };
    struct Entry {
        Delivery delivery;
        uint64_t pubrel_order = 0;
        mqtt::PacketIdentifier packet_identifier = 0;
        State state = State::Free;
        bool sent = true;           // On the present connection.
        bool was_sent = true;       // On any connection: the next time it is a repetition.
        bool awaits_store = false;  // It is sent when its Packet Identifier is stored.
    };

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    // At most 65,535 fit: that is the caller's to keep (Receive Maximum is a 16-bit number).
    // Returns the Packet Identifier chosen: never 0, never one in use [MQTT-2.2.1-4].
    mqtt::PacketIdentifier add(Delivery delivery);
    // Puts back an entry of a stored Session.
    void restore(Entry entry);
    // The entry with this identifier, or nullptr; stays where it is until the next add(). Fast for the oldest and the
    // newest ones.
    Entry* find(mqtt::PacketIdentifier identifier);
    // PUBREC came: from now on only PUBREL is sent. The message itself is let go.
    void released(Entry& entry);
    // PUBACK, PUBCOMP or an error came.
    void remove(Entry& entry);

    // In the order to be sent again after a reconnect: first the PUBRELs in the order of their PUBRECs [MQTT-4.6.0-4],
    // then the PUBLISHes in their original order [MQTT-4.6.0-1].
    template <class Visit>
    void for_each_to_resend(Visit visit);
    template <class Visit>
    void for_each(Visit visit) {
        for (size_t i = 0; i < entries_.size(); ++i)
            if (entries_[i].state != State::Free) visit(entries_[i]);
    }
    // Takes everything out.
    void clear() {
        entries_.clear();
        size_ = 0;
    }

    // In use and free: what the window costs. Never many more than size(), whatever a client leaves unacknowledged.
    size_t places() const { return entries_.size(); }

private:
    Entry* live_at(size_t index, mqtt::PacketIdentifier identifier);
    void find_free_run();
    void drop_free_places();

    Ring<Entry> entries_;
    size_t size_ = 0;
    uint64_t pubrels_ = 0;
    mqtt::PacketIdentifier next_ = 1;
    // How many identifiers from next_ on are known to be free, so that a search is rare. Added ones lie behind next_.
    uint32_t free_run_ = 65'535;
};

template <class Visit>
void OutboundWindow::for_each_to_resend(Visit visit) {
    std::vector<Entry*> released;
    for_each([&](Entry& entry) {
        if (entry.state == State::AwaitingPubcomp) released.push_back(&entry);
    });
    std::sort(released.begin(), released.end(),
              [](const Entry* a, const Entry* b) { return a->pubrel_order < b->pubrel_order; });
    for (Entry* entry : released)
        visit(*entry);
    for_each([&](Entry& entry) {
        if (entry.state != State::AwaitingPubcomp) visit(entry);
    });
}

}  // namespace runnel::session
