// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/properties.h"

#include "broker/mqtt/property_table.h"
#include "broker/mqtt/reader.h"

namespace runnel::mqtt {

namespace {

void append_text(std::string& block, std::string_view text) {
    RUNNEL_CHECK(text.size() <= 0xFFFF);
    block += static_cast<char>(text.size() >> 8);
    block += static_cast<char>(text.size());
    block += text;
}

bool take_value(Reader& reader, PropertyType type, EncodedProperty& property) {
    uint8_t byte = 0;
    uint16_t two_bytes = 0;
    switch (type) {
        case PropertyType::Byte:
            if (!reader.take_byte(byte)) return false;
            property.number = byte;
            return true;
        case PropertyType::TwoByteInteger:
            if (!reader.take_two_bytes(two_bytes)) return false;
            property.number = two_bytes;
            return true;
        case PropertyType::FourByteInteger: return reader.take_four_bytes(property.number);
        case PropertyType::VariableByteInteger: return reader.take_variable_byte_integer(property.number);
        case PropertyType::Text:
        case PropertyType::BinaryData: return reader.take_block(property.text);
        case PropertyType::TextPair: return reader.take_block(property.text) && reader.take_block(property.value);
    }
    return false;
}

}  // namespace

const char* name_of(PropertyId id) {
    const auto index = static_cast<uint8_t>(id);
    const bool known = index < kPropertyIdCount && kPropertyRules[index].name != nullptr;
    return known ? kPropertyRules[index].name : "unknown property";
}

std::optional<EncodedProperty> take_property(std::string_view& block) {
    Reader reader(block);
    EncodedProperty property;
    uint8_t id = 0;
    const bool whole = reader.take_byte(id) && id < kPropertyIdCount && kPropertyRules[id].packets != 0 &&
                       take_value(reader, kPropertyRules[id].type, property);
    if (!whole) {
        block = {};
        return std::nullopt;
    }
    property.id = static_cast<PropertyId>(id);
    property.raw = block.substr(0, block.size() - reader.left());
    block = reader.rest();
    return property;
}

void append_text_property(std::string& block, PropertyId id, std::string_view text) {
    block += static_cast<char>(id);
    append_text(block, text);
}

void append_byte_property(std::string& block, PropertyId id, uint8_t number) {
    block += static_cast<char>(id);
    block += static_cast<char>(number);
}

void append_user_property(std::string& block, std::string_view name, std::string_view value) {
    block += static_cast<char>(PropertyId::UserProperty);
    append_text(block, name);
    append_text(block, value);
}

}  // namespace runnel::mqtt
