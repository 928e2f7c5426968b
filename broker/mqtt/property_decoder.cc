// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/property_decoder.h"

#include "broker/mqtt/topic.h"

namespace runnel::mqtt {

namespace {

constexpr const char* kCutOff = "a property is cut off";

DecodeError check_number(const PropertyRule& rule, uint32_t number) {
    switch (rule.range) {
        case PropertyRange::Boolean:
            if (number > 1) return protocol_error(rule.complaints.out_of_range);
            return {};
        case PropertyRange::Nonzero:
            if (number == 0) return protocol_error(rule.complaints.out_of_range);
            return {};
        case PropertyRange::Alias:
            if (number == 0) return {ReasonCode::TopicAliasInvalid, rule.complaints.out_of_range};
            return {};
        default: return {};
    }
}

DecodeError keep_number(const PropertyRule& rule, PropertyId id, uint32_t number, Properties& out) {
    if (auto error = check_number(rule, number)) return error;
    // Of repeated Subscription Identifiers the first is kept; all of them are in the encoded block.
    if (!out.has(id)) out.set(id, number);
    return {};
}

DecodeError decode_text(Reader& reader, const PropertyRule& rule, PropertyId id, Properties& out) {
    std::string_view text;
    if (!reader.take_block(text)) return malformed(kCutOff);
    if (rule.type == PropertyType::Text && !is_valid_text(text)) return malformed(rule.complaints.not_text);
    if (rule.range == PropertyRange::TopicName && !is_valid_topic_name(text))
        return protocol_error(rule.complaints.out_of_range);
    out.set(id, text);
    return {};
}

DecodeError decode_pair(Reader& reader, const PropertyRule& rule, uint32_t& user_properties_left) {
    std::string_view name;
    std::string_view value;
    if (!reader.take_block(name) || !reader.take_block(value)) return malformed(kCutOff);
    if (user_properties_left == 0) return {ReasonCode::QuotaExceeded, "too many User Properties"};
    --user_properties_left;
    if (!is_valid_text(name) || !is_valid_text(value)) return malformed(rule.complaints.not_text);
    return {};
}

DecodeError decode_value(Reader& reader, const PropertyRule& rule, PropertyId id, uint32_t& user_properties_left,
                         Properties& out) {
    uint8_t byte = 0;
    uint16_t two_bytes = 0;
    uint32_t number = 0;
    switch (rule.type) {
        case PropertyType::Byte:
            if (!reader.take_byte(byte)) return malformed(kCutOff);
            return keep_number(rule, id, byte, out);
        case PropertyType::TwoByteInteger:
            if (!reader.take_two_bytes(two_bytes)) return malformed(kCutOff);
            return keep_number(rule, id, two_bytes, out);
        case PropertyType::FourByteInteger:
            if (!reader.take_four_bytes(number)) return malformed(kCutOff);
            return keep_number(rule, id, number, out);
        case PropertyType::VariableByteInteger:
            if (!reader.take_variable_byte_integer(number)) return malformed(kCutOff);
            return keep_number(rule, id, number, out);
        case PropertyType::Text:
        case PropertyType::BinaryData: return decode_text(reader, rule, id, out);
        case PropertyType::TextPair: return decode_pair(reader, rule, user_properties_left);
    }
    return malformed("unknown property");
}

DecodeError decode_one(Reader& reader, PacketType packet, uint32_t& user_properties_left, Properties& out) {
    // A Variable Byte Integer, but all the identifiers there are take one byte.
    uint8_t index = 0;
    if (!reader.take_byte(index) || index >= kPropertyIdCount || kPropertyRules[index].packets == 0)
        return malformed("unknown property");
    const auto id = static_cast<PropertyId>(index);
    const PropertyRule& rule = kPropertyRules[index];
    if (!(rule.packets & packet_bit(packet))) return malformed(rule.complaints.misplaced);
    if (out.has(id) && !(rule.packets_repeat & packet_bit(packet))) return protocol_error(rule.complaints.repeated);
    return decode_value(reader, rule, id, user_properties_left, out);
}

}  // namespace

DecodeError decode_property_block(Reader& reader, PacketType packet, uint32_t& user_properties_left, Properties& out) {
    uint32_t length = 0;
    std::string_view block;
    if (!reader.take_variable_byte_integer(length)) return malformed("Property Length is cut off or not well-formed");
    if (!reader.take_bytes(length, block)) return malformed("Property Length is larger than the packet");
    const uint32_t user_properties_before = user_properties_left;
    Reader properties(block);
    while (!properties.empty())
        if (auto error = decode_one(properties, packet, user_properties_left, out)) return error;
    out.set_encoded(block, user_properties_left != user_properties_before);
    if (out.has(PropertyId::AuthenticationData) && !out.has(PropertyId::AuthenticationMethod))
        return protocol_error("property Authentication Data without Authentication Method");
    return {};
}

}  // namespace runnel::mqtt
