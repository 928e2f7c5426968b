// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/property_set.h"

#include <algorithm>
#include <charconv>

#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"

namespace runnel::ctl {

using mqtt::PropertyId;

namespace {

constexpr std::array<std::string_view, kPropertyTargetCount> kTargets{
    "connect", "publish", "will", "subscribe", "unsubscribe", "disconnect", "puback", "pubrec", "pubrel", "pubcomp"};

constexpr unsigned bit_of(PropertyTarget target) {
    return 1u << static_cast<unsigned>(target);
}
constexpr unsigned kConnect = bit_of(PropertyTarget::Connect);
constexpr unsigned kPublish = bit_of(PropertyTarget::Publish);
constexpr unsigned kWill = bit_of(PropertyTarget::Will);
constexpr unsigned kSubscribe = bit_of(PropertyTarget::Subscribe);
constexpr unsigned kDisconnect = bit_of(PropertyTarget::Disconnect);
constexpr unsigned kAcknowledgements = bit_of(PropertyTarget::Puback) | bit_of(PropertyTarget::Pubrec) |
                                       bit_of(PropertyTarget::Pubrel) | bit_of(PropertyTarget::Pubcomp);
constexpr unsigned kEverywhere = (1u << kPropertyTargetCount) - 1;

enum class ValueKind { Number, Text, TopicName, Binary, Pair };

// What table 2-4 says about the properties that a client may send.
struct Row {
    std::string_view name;
    PropertyId id;
    unsigned targets;
    ValueKind kind;
    uint32_t least = 0;
    uint32_t most = 0;
};

constexpr Row kRows[] = {
    {"authentication-data", PropertyId::AuthenticationData, kConnect, ValueKind::Binary},
    {"authentication-method", PropertyId::AuthenticationMethod, kConnect, ValueKind::Text},
    {"content-type", PropertyId::ContentType, kPublish | kWill, ValueKind::Text},
    {"correlation-data", PropertyId::CorrelationData, kPublish | kWill, ValueKind::Binary},
    {"maximum-packet-size", PropertyId::MaximumPacketSize, kConnect, ValueKind::Number, 1, 0xFFFFFFFF},
    {"message-expiry-interval", PropertyId::MessageExpiryInterval, kPublish | kWill, ValueKind::Number, 0, 0xFFFFFFFF},
    {"payload-format-indicator", PropertyId::PayloadFormatIndicator, kPublish | kWill, ValueKind::Number, 0, 1},
    {"reason-string", PropertyId::ReasonString, kDisconnect | kAcknowledgements, ValueKind::Text},
    {"receive-maximum", PropertyId::ReceiveMaximum, kConnect, ValueKind::Number, 1, 65535},
    {"request-problem-information", PropertyId::RequestProblemInformation, kConnect, ValueKind::Number, 0, 1},
    {"request-response-information", PropertyId::RequestResponseInformation, kConnect, ValueKind::Number, 0, 1},
    {"response-topic", PropertyId::ResponseTopic, kPublish | kWill, ValueKind::TopicName},
    {"session-expiry-interval", PropertyId::SessionExpiryInterval, kConnect | kDisconnect, ValueKind::Number, 0,
     0xFFFFFFFF},
    {"subscription-identifier", PropertyId::SubscriptionIdentifier, kSubscribe, ValueKind::Number, 1, 268'435'455},
    {"topic-alias", PropertyId::TopicAlias, kPublish, ValueKind::Number, 1, 65535},
    {"topic-alias-maximum", PropertyId::TopicAliasMaximum, kConnect, ValueKind::Number, 0, 65535},
    {"user-property", PropertyId::UserProperty, kEverywhere, ValueKind::Pair},
    {"will-delay-interval", PropertyId::WillDelayInterval, kWill, ValueKind::Number, 0, 0xFFFFFFFF},
};

std::string lower_case(std::string_view word) {
    std::string lower(word);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

void append_listed(std::string& list, std::string_view name) {
    if (!list.empty()) list += ", ";
    list += name;
}

std::string names_for(PropertyTarget target) {
    std::string names;
    for (const Row& row : kRows)
        if (row.targets & bit_of(target)) append_listed(names, row.name);
    return names;
}

std::string target_names() {
    std::string names;
    for (const std::string_view name : kTargets)
        append_listed(names, name);
    return names;
}

const Row* find_row(std::string_view name) {
    const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.name == name; });
    return row == std::end(kRows) ? nullptr : row;
}

std::optional<std::string> text_fault(std::string_view name, std::string_view value, ValueKind kind) {
    const std::string subject = "The value of " + std::string(name) + " ";
    if (value.size() > 65535) return subject + "is longer than 65535 bytes.";
    if (kind != ValueKind::Binary && !mqtt::is_valid_text(value)) return subject + "is not UTF-8 text.";
    if (kind == ValueKind::TopicName && !mqtt::is_valid_topic_name(value)) return subject + "is not a topic name.";
    return std::nullopt;
}

std::optional<std::string> add_number(PropertySet& set, const Row& row, std::string_view value) {
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < row.least || number > row.most)
        return "The value of " + std::string(row.name) + " is a number from " + std::to_string(row.least) + " to " +
               std::to_string(row.most) + ", not '" + std::string(value) + "'.";
    set.set(row.id, number);
    return std::nullopt;
}

std::optional<std::string> add_value(PropertySet& set, const Row& row, std::span<const std::string> values) {
    if (row.kind == ValueKind::Pair) {
        if (values.size() != 2) return "user-property needs a name and a value.";
        for (const std::string& value : values)
            if (auto fault = text_fault(row.name, value, ValueKind::Text)) return fault;
        set.add_user_property(values[0], values[1]);
        return std::nullopt;
    }
    if (values.size() != 1) return std::string(row.name) + " needs one value.";
    if (set.has(row.id)) return std::string(row.name) + " is given twice.";
    if (row.kind == ValueKind::Number) return add_number(set, row, values[0]);
    if (auto fault = text_fault(row.name, values[0], row.kind)) return fault;
    set.set(row.id, values[0]);
    return std::nullopt;
}

}  // namespace

std::optional<PropertyTarget> property_target_of(std::string_view word) {
    const auto found = std::find(kTargets.begin(), kTargets.end(), lower_case(word));
    if (found == kTargets.end()) return std::nullopt;
    return static_cast<PropertyTarget>(found - kTargets.begin());
}

mqtt::Properties PropertySet::view() const {
    mqtt::Properties properties;
    for (const auto& [id, number] : numbers_)
        properties.set(id, number);
    for (const auto& [id, text] : texts_)
        properties.set(id, std::string_view(text));
    if (!user_properties_.empty()) properties.set_encoded(user_properties_, true);
    return properties;
}

std::optional<std::string> PropertyOptions::add(std::span<const std::string> words) {
    if (words.size() < 3) return "-D needs a packet, the name of a property, and its value.";
    const auto target = property_target_of(words[0]);
    if (!target) return "'" + words[0] + "' holds no properties; choose from " + target_names() + ".";
    const Row* row = find_row(lower_case(words[1]));
    if (row == nullptr || !(row->targets & bit_of(*target)))
        return "'" + words[1] + "' is no property of " + std::string(kTargets[static_cast<size_t>(*target)]) +
               "; choose from " + names_for(*target) + ".";
    return add_value(of(*target), *row, words.subspan(2));
}

bool PropertyOptions::empty() const {
    return std::all_of(sets_.begin(), sets_.end(), [](const PropertySet& set) { return set.empty(); });
}

size_t property_word_count(std::span<const std::string> words) {
    return words.size() >= 2 && lower_case(words[1]) == "user-property" ? 4 : 3;
}

}  // namespace runnel::ctl
