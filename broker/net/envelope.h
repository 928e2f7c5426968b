// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "broker/api/access_control.h"
#include "broker/api/authenticator.h"
#include "broker/api/byte_filter.h"
#include "broker/api/local_client.h"
#include "broker/net/connection_count.h"
#include "broker/net/drain_rounds.h"
#include "broker/shard/effects.h"

namespace runnel::shard {
class Shard;
}

namespace runnel::net {

// What may be put into the mailbox of an event loop.

struct PeerBatch {
    shard::PeerIndex from = 0;
    shard::PeerMessages messages;
};
// A connection comes from another loop, with what was read from it. Owns the descriptor.
struct HandedOver {
    int descriptor = -1;
    shard::PeerAddress address;
    std::string bytes;  // MQTT.
    CountedConnection counted;
    std::unique_ptr<api::ByteFilter> filter;
    std::string outside;  // Of the filter, to be sent.
};
struct AccessChanged {
    api::AuthenticatorRef authenticator;
    api::AccessControlRef access;
};
// The store has this batch of the loop's shard and all before it.
struct Stored {
    shard::StoreTicket ticket = 0;
};
// Why the store takes nothing for now; empty: it does again.
struct StoreRefuses {
    std::string why;
};
// Something short to be done by the loop's thread, with its shard: what an operator asks, or an answer that comes from
// another thread.
struct Task {
    std::function<void(shard::Shard&, Time)> carry_out;
};
// Disconnect everybody, let what was sent arrive, then end the loop.
struct Drain {
    std::shared_ptr<DrainRounds> rounds;
};

using Envelope = std::variant<PeerBatch, HandedOver, api::LocalPublish, AccessChanged, Stored, shard::DeliveriesRead,
                              StoreRefuses, Task, Drain>;

}  // namespace runnel::net
