// SPDX-License-Identifier: Apache-2.0
// The properties that -D puts on packets: `-D publish content-type text/plain`.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "broker/mqtt/properties.h"

namespace runnel::ctl {

// What the word behind -D names: a Control Packet that the client sends, or the Will in CONNECT.
enum class PropertyTarget : uint8_t {
    Connect,
    Publish,
    Will,
    Subscribe,
    Unsubscribe,
    Disconnect,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp
};
constexpr size_t kPropertyTargetCount = 10;

// Any case: "publish", "PUBLISH".
std::optional<PropertyTarget> property_target_of(std::string_view word);

// Owns the properties of one kind of packet.
class PropertySet {
public:
    void set(mqtt::PropertyId id, uint32_t number) { numbers_[id] = number; }
    void set(mqtt::PropertyId id, std::string text) { texts_[id] = std::move(text); }
    void add_user_property(std::string_view name, std::string_view value) {
        mqtt::append_user_property(user_properties_, name, value);
    }
    bool has(mqtt::PropertyId id) const { return numbers_.contains(id) || texts_.contains(id); }
    bool empty() const { return numbers_.empty() && texts_.empty() && user_properties_.empty(); }

    // Points into this set.
    mqtt::Properties view() const;

private:
    std::map<mqtt::PropertyId, uint32_t> numbers_;
    std::map<mqtt::PropertyId, std::string> texts_;
    std::string user_properties_;  // Encoded.
};

// All -D options of a command line.
class PropertyOptions {
public:
    // The words behind one -D: target, property name and value; for user-property two values. Returns a sentence for
    // the user if they are wrong.
    std::optional<std::string> add(std::span<const std::string> words);

    PropertySet& of(PropertyTarget target) { return sets_[static_cast<size_t>(target)]; }
    const PropertySet& of(PropertyTarget target) const { return sets_[static_cast<size_t>(target)]; }
    bool empty() const;

private:
    std::array<PropertySet, kPropertyTargetCount> sets_;
};

// How many words follow -D when `words` start behind it: 4 for a user property, otherwise 3.
size_t property_word_count(std::span<const std::string> words);

}  // namespace runnel::ctl
