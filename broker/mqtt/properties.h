// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "broker/base/check.h"

namespace runnel::mqtt {

// Section 2.2.2.2: Property Identifiers.
enum class PropertyId : uint8_t {
    PayloadFormatIndicator = 0x01,
    MessageExpiryInterval = 0x02,
    ContentType = 0x03,
    ResponseTopic = 0x08,
    CorrelationData = 0x09,
    SubscriptionIdentifier = 0x0B,
    SessionExpiryInterval = 0x11,
    AssignedClientIdentifier = 0x12,
    ServerKeepAlive = 0x13,
    AuthenticationMethod = 0x15,
    AuthenticationData = 0x16,
    RequestProblemInformation = 0x17,
    WillDelayInterval = 0x18,
    RequestResponseInformation = 0x19,
    ResponseInformation = 0x1A,
    ServerReference = 0x1C,
    ReasonString = 0x1F,
    ReceiveMaximum = 0x21,
    TopicAliasMaximum = 0x22,
    TopicAlias = 0x23,
    MaximumQoS = 0x24,
    RetainAvailable = 0x25,
    UserProperty = 0x26,
    MaximumPacketSize = 0x27,
    WildcardSubscriptionAvailable = 0x28,
    SubscriptionIdentifierAvailable = 0x29,
    SharedSubscriptionAvailable = 0x2A,
};

constexpr size_t kPropertyIdCount = 0x2B;

// "Session Expiry Interval", ...
const char* name_of(PropertyId id);

// The values of properties are kept side by side: where, by identifier.
constexpr std::array<uint8_t, kPropertyIdCount> make_property_slots() {
    std::array<uint8_t, kPropertyIdCount> slots{};
    constexpr uint8_t ids[] = {0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x11, 0x12, 0x13, 0x15, 0x16, 0x17, 0x18,
                               0x19, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x23, 0x24, 0x25, 0x27, 0x28, 0x29, 0x2A};
    uint8_t slot = 0;
    for (uint8_t id : ids)
        slots[id] = slot++;
    return slots;
}
inline constexpr std::array<uint8_t, kPropertyIdCount> kPropertySlots = make_property_slots();

// The properties of one packet. A view: texts point into the packet that was decoded, or into what the caller keeps
// alive. Making one costs nothing; only what is set is ever read. User Properties and repeated Subscription
// Identifiers stay encoded and are walked in order.
class Properties {
public:
    // Not defaulted: then `Properties{}` would set all the values to zero first.
    Properties() {}

    bool empty() const { return present_ == 0; }
    // Bit n says whether the property with identifier n is present.
    uint64_t present() const { return present_; }
    void clear() {
        present_ = 0;
        encoded_ = {};
        subscription_identifiers = {};
    }
    bool has(PropertyId id) const { return (present_ >> static_cast<unsigned>(id)) & 1; }

    // The value of a property whose type is Byte, Two Byte Integer, Four Byte Integer or Variable Byte Integer.
    // It must be present. For a repeated Subscription Identifier: the first.
    uint32_t number(PropertyId id) const {
        RUNNEL_CHECK(has(id));
        return values_[slot_of(id)].number;
    }
    uint32_t number_or(PropertyId id, uint32_t otherwise) const { return has(id) ? number(id) : otherwise; }
    // The value of a property whose type is UTF-8 Encoded String or Binary Data. It must be present.
    std::string_view text(PropertyId id) const {
        RUNNEL_CHECK(has(id));
        return {values_[slot_of(id)].text, lengths_[slot_of(id)]};
    }
    std::string_view text_or(PropertyId id, std::string_view otherwise) const { return has(id) ? text(id) : otherwise; }

    Properties& set(PropertyId id, uint32_t number) {
        present_ |= bit_of(id);
        values_[slot_of(id)].number = number;
        return *this;
    }
    Properties& set(PropertyId id, std::string_view text) {
        RUNNEL_CHECK(text.size() <= 0xFFFF);
        present_ |= bit_of(id);
        values_[slot_of(id)].text = text.data();
        lengths_[slot_of(id)] = static_cast<uint16_t>(text.size());
        return *this;
    }
    void erase(PropertyId id) { present_ &= ~bit_of(id); }

    // Encoded properties of which only User Properties (and, when decoded, Subscription Identifiers) are walked: the
    // whole property block of a decoded packet, or what append_user_property wrote.
    std::string_view encoded() const { return encoded_; }
    void set_encoded(std::string_view encoded, bool has_user_properties) {
        encoded_ = encoded;
        present_ = has_user_properties ? present_ | bit_of(PropertyId::UserProperty)
                                       : present_ & ~bit_of(PropertyId::UserProperty);
    }

    // Calls visit(name, value) for each User Property in order.
    template <class Visit>
    void for_each_user_property(Visit visit) const;

    // Subscription Identifiers to encode after the other properties, or (when decoded) see
    // for_each_subscription_identifier.
    std::span<const uint32_t> subscription_identifiers;

    // Calls visit(number) for each Subscription Identifier of a decoded packet, in order.
    template <class Visit>
    void for_each_subscription_identifier(Visit visit) const;

    // Where a property's value is kept.
    static constexpr uint8_t slot_of(PropertyId id) { return kPropertySlots[static_cast<uint8_t>(id)]; }

private:
    static constexpr uint64_t bit_of(PropertyId id) { return uint64_t{1} << static_cast<unsigned>(id); }

    union Value {
        uint32_t number;
        const char* text;
    };

    uint64_t present_ = 0;
    std::string_view encoded_;
    Value values_[26];  // Left unset on purpose: present_ says which count.
    uint16_t lengths_[26];
};

// One property as it lies in an encoded block.
struct EncodedProperty {
    PropertyId id{};
    uint32_t number = 0;
    std::string_view text;   // Also the name of a User Property.
    std::string_view value;  // The value of a User Property.
    std::string_view raw;    // The whole property, identifier included.
};

// Takes the next property off the front of `block`, which was validated when it was decoded (or written by us).
// Nothing when the block is empty; a broken block ends early, and nothing outside it is read.
std::optional<EncodedProperty> take_property(std::string_view& block);

// Append one encoded property to `block`: a text (or bytes) of at most 65,535 bytes, a Byte.
void append_text_property(std::string& block, PropertyId id, std::string_view text);
void append_byte_property(std::string& block, PropertyId id, uint8_t number);
// Appends one encoded User Property to `block`.
void append_user_property(std::string& block, std::string_view name, std::string_view value);

template <class Visit>
void Properties::for_each_user_property(Visit visit) const {
    if (!has(PropertyId::UserProperty)) return;
    std::string_view block = encoded_;
    while (auto property = take_property(block))
        if (property->id == PropertyId::UserProperty) visit(property->text, property->value);
}

template <class Visit>
void Properties::for_each_subscription_identifier(Visit visit) const {
    if (!has(PropertyId::SubscriptionIdentifier)) return;
    std::string_view block = encoded_;
    while (auto property = take_property(block))
        if (property->id == PropertyId::SubscriptionIdentifier) visit(property->number);
}

}  // namespace runnel::mqtt
