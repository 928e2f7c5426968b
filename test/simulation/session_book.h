// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "broker/mqtt/packets.h"
#include "test/simulation/tapped.h"

namespace runnel::simulation {

struct Evidence;

// Which Sessions the broker must have, by the words of sections 3.1.2.4 and 3.1.2.11.2: kept from what passes at the
// border of the shards. Complains when Session Present or Session Expiry Interval do not tell the truth.
class SessionBook {
public:
    explicit SessionBook(Evidence& evidence) : evidence_(evidence) {}

    // The first CONNACK of a connection; fills in what it granted.
    void answered(Tapped& tapped, const mqtt::Connack& connack);
    void ended(Tapped& tapped, Ended how);

    // Whether a Session of this client may be there now.
    bool may_exist(const std::string& client_identifier) const;
    bool is_connected(const std::string& client_identifier) const;

private:
    enum class Expected { No, Yes, Either };
    struct Record {
        bool exists = false;
        uint64_t incarnation = 0;
        uint32_t expiry = 0;
        bool is_intruders = false;
        const Tapped* connected = nullptr;
        Time offline_since;
    };
    Expected expected(const Record& record, bool clean_start) const;
    void check_owner(Record& record, const Tapped& tapped) const;
    void check_expiry(const Tapped& tapped, const mqtt::Connack& connack) const;

    Evidence& evidence_;
    std::map<std::string, Record> records_;
    uint64_t incarnations_ = 0;
};

}  // namespace runnel::simulation
