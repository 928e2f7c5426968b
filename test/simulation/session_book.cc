// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/session_book.h"

#include <algorithm>

#include "test/simulation/checker.h"
#include "test/simulation/rules.h"

namespace runnel::simulation {

using mqtt::PropertyId;
using mqtt::ProtocolVersion;

namespace {

bool accepts(const mqtt::Connack& connack, ProtocolVersion version) {
    return version == ProtocolVersion::V5 ? !mqtt::is_error(connack.reason) : connack.return_code == 0;
}

}  // namespace

void SessionBook::answered(Tapped& tapped, const mqtt::Connack& connack) {
    if (!accepts(connack, tapped.version)) return;
    tapped.accepted = true;
    if (connack.properties.has(PropertyId::AssignedClientIdentifier))
        tapped.client_identifier = connack.properties.text(PropertyId::AssignedClientIdentifier);
    if (tapped.client_identifier.empty()) tapped.client_identifier = "unnamed " + std::to_string(tapped.link);
    tapped.keep_alive =
        static_cast<uint16_t>(connack.properties.number_or(PropertyId::ServerKeepAlive, tapped.terms.keep_alive));
    if (tapped.version != ProtocolVersion::V5) {
        const auto& settings = evidence_.scenario.settings;
        if (settings.server_keep_alive != 0)
            tapped.keep_alive = settings.server_keep_alive;
        else if (settings.max_keep_alive != 0 &&
                 (tapped.keep_alive == 0 || tapped.keep_alive > settings.max_keep_alive))
            tapped.keep_alive = settings.max_keep_alive;
    }
    check_expiry(tapped, connack);
    tapped.session_expiry = std::min(tapped.terms.session_expiry, evidence_.scenario.settings.max_expiry_seconds);

    Record& record = records_[tapped.client_identifier];
    check_owner(record, tapped);
    const Expected expected = this->expected(record, tapped.terms.clean_start);
    // MQTT 3.1 does not say.
    const bool unknown = tapped.version == ProtocolVersion::V31 && expected == Expected::Either;
    tapped.session_present =
        tapped.version == ProtocolVersion::V31 ? expected == Expected::Yes : connack.session_present;
    const bool lies =
        (tapped.session_present && expected == Expected::No) || (!tapped.session_present && expected == Expected::Yes);
    if (lies)
        evidence_.complaints.add(evidence_.schedule.now(), "Session Present tells the truth",
                                 tapped.client_identifier + " was told " + (tapped.session_present ? "1" : "0") +
                                     " on link " + std::to_string(tapped.link));
    if (!tapped.session_present) record.incarnation = ++incarnations_;
    record.exists = true;
    record.expiry = tapped.session_expiry;
    record.connected = &tapped;
    tapped.incarnation = unknown ? kUnknownIncarnation : record.incarnation;
}

// Another user gets neither the Session nor its name, with or without Clean Start.
void SessionBook::check_owner(Record& record, const Tapped& tapped) const {
    const bool is_intruder = tapped.terms.user_name == kIntruder;
    if (record.is_intruders != is_intruder && expected(record, false) == Expected::Yes)
        evidence_.complaints.add(evidence_.schedule.now(), "a Session belongs to the user who made it",
                                 tapped.client_identifier + " on link " + std::to_string(tapped.link));
    record.is_intruders = is_intruder;
}

void SessionBook::check_expiry(const Tapped& tapped, const mqtt::Connack& connack) const {
    if (tapped.version != ProtocolVersion::V5) return;
    const uint32_t asked = tapped.terms.session_expiry;
    const uint32_t granted = connack.properties.number_or(PropertyId::SessionExpiryInterval, asked);
    if (granted != std::min(asked, evidence_.scenario.settings.max_expiry_seconds))
        evidence_.complaints.add(evidence_.schedule.now(), "Session Expiry Interval is what was agreed",
                                 tapped.client_identifier + " asked for " + std::to_string(asked) + ", was granted " +
                                     std::to_string(granted));
}

SessionBook::Expected SessionBook::expected(const Record& record, bool clean_start) const {
    if (clean_start || !record.exists) return Expected::No;
    if (record.connected != nullptr) return record.expiry == 0 ? Expected::No : Expected::Yes;
    const Time now = evidence_.schedule.now();
    const Time earliest = record.offline_since + Duration::seconds(record.expiry);
    const Time latest = record.offline_since + Duration::seconds(record.expiry) + Duration{kSlackMs};
    if (now < earliest) return Expected::Yes;
    // What ends with its connection is gone with it.
    if (record.expiry == 0 || now > latest) return Expected::No;
    return Expected::Either;
}

void SessionBook::ended(Tapped& tapped, Ended how) {
    const auto at = records_.find(tapped.client_identifier);
    if (at == records_.end() || at->second.connected != &tapped) return;
    Record& record = at->second;
    record.connected = nullptr;
    record.offline_since = evidence_.schedule.now();
    if (!tapped.goodbye_expiry || how != Ended::ByClient) return;
    const uint32_t wanted = std::min(*tapped.goodbye_expiry, evidence_.scenario.settings.max_expiry_seconds);
    record.expiry = wanted;
    tapped.session_expiry = wanted;
}

bool SessionBook::may_exist(const std::string& client_identifier) const {
    const auto at = records_.find(client_identifier);
    return at != records_.end() && expected(at->second, false) != Expected::No;
}

bool SessionBook::is_connected(const std::string& client_identifier) const {
    const auto at = records_.find(client_identifier);
    return at != records_.end() && at->second.connected != nullptr;
}

}  // namespace runnel::simulation
