// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "broker/mqtt/property_table.h"

namespace runnel::mqtt {

namespace {

// Every body is put twice by the same function: once into a Measure, which only adds up the size, and once into
// a Writer. So the Remaining Length cannot differ from what follows it.
class Measure {
public:
    void byte(unsigned) { size_ += 1; }
    void two_bytes(unsigned) { size_ += 2; }
    void four_bytes(uint32_t) { size_ += 4; }
    void variable_byte_integer(uint32_t value) { size_ += variable_byte_integer_size(value); }
    void bytes(std::string_view bytes) { size_ += bytes.size(); }
    void add(size_t size) { size_ += size; }
    size_t size() const { return size_; }

private:
    size_t size_ = 0;
};

class Writer {
public:
    explicit Writer(char* to) : to_(to) {}
    void byte(unsigned value) { *to_++ = static_cast<char>(value); }
    void two_bytes(unsigned value) { to_ = write_two_bytes(to_, static_cast<uint16_t>(value)); }
    void four_bytes(uint32_t value) { to_ = write_four_bytes(to_, value); }
    void variable_byte_integer(uint32_t value) { to_ = write_variable_byte_integer(to_, value); }
    void bytes(std::string_view bytes) {
        if (!bytes.empty()) std::memcpy(to_, bytes.data(), bytes.size());
        to_ += bytes.size();
    }
    const char* position() const { return to_; }

private:
    char* to_;
};

// Binary Data or a UTF-8 Encoded String.
template <class Sink>
void put_block(Sink& sink, std::string_view bytes) {
    RUNNEL_CHECK(bytes.size() <= 0xFFFF);
    sink.two_bytes(static_cast<unsigned>(bytes.size()));
    sink.bytes(bytes);
}

template <class Sink>
void put_packet_identifier(Sink& sink, PacketIdentifier packet_identifier) {
    RUNNEL_CHECK(packet_identifier != 0);
    sink.two_bytes(packet_identifier);
}

template <class Sink>
void put_property(Sink& sink, PropertyId id, const Properties& properties) {
    sink.byte(static_cast<uint8_t>(id));
    switch (rule_of(id).type) {
        case PropertyType::Byte: return sink.byte(properties.number(id));
        case PropertyType::TwoByteInteger: return sink.two_bytes(properties.number(id));
        case PropertyType::FourByteInteger: return sink.four_bytes(properties.number(id));
        case PropertyType::VariableByteInteger: return sink.variable_byte_integer(properties.number(id));
        case PropertyType::Text:
        case PropertyType::BinaryData: return put_block(sink, properties.text(id));
        case PropertyType::TextPair: return;  // Copied as they are encoded.
    }
}

// Copies the properties with this identifier from the encoded block. Returns how many there were.
template <class Sink>
size_t put_encoded(Sink& sink, PropertyId id, std::string_view block) {
    size_t count = 0;
    while (auto property = take_property(block)) {
        if (property->id != id) continue;
        sink.bytes(property->raw);
        ++count;
    }
    return count;
}

template <class Sink>
void put_subscription_identifiers(Sink& sink, const Properties& properties) {
    constexpr auto kId = PropertyId::SubscriptionIdentifier;
    if (properties.has(kId) && put_encoded(sink, kId, properties.encoded()) == 0) put_property(sink, kId, properties);
    for (const uint32_t number : properties.subscription_identifiers) {
        sink.byte(static_cast<uint8_t>(kId));
        sink.variable_byte_integer(number);
    }
}

constexpr uint64_t bit_of(PropertyId id) {
    return uint64_t{1} << static_cast<unsigned>(id);
}
constexpr uint64_t kRepeatable = bit_of(PropertyId::UserProperty) | bit_of(PropertyId::SubscriptionIdentifier);

// In the order of their identifiers, but the repeatable ones last.
template <class Sink>
void put_property_block(Sink& sink, const Properties& properties) {
    for (uint64_t bits = properties.present() & ~kRepeatable; bits != 0; bits &= bits - 1)
        put_property(sink, static_cast<PropertyId>(std::countr_zero(bits)), properties);
    if (properties.has(PropertyId::UserProperty)) put_encoded(sink, PropertyId::UserProperty, properties.encoded());
    put_subscription_identifiers(sink, properties);
}

// The properties of a packet and the size of their block, which is found once.
struct SizedProperties {
    explicit SizedProperties(const Properties& of) : properties(of) {
        if (of.empty() && of.subscription_identifiers.empty()) return;
        Measure measure;
        put_property_block(measure, of);
        RUNNEL_CHECK(measure.size() <= kPacketSizeMax);
        size = static_cast<uint32_t>(measure.size());
    }
    size_t whole_size() const { return variable_byte_integer_size(size) + size; }

    const Properties& properties;
    uint32_t size = 0;
};

void put_properties(Measure& sink, const SizedProperties& sized) {
    sink.add(sized.whole_size());
}

// With the Property Length in front.
void put_properties(Writer& sink, const SizedProperties& sized) {
    sink.variable_byte_integer(sized.size);
    if (sized.size != 0) put_property_block(sink, sized.properties);
}

// Writes the fixed header, what `put_body`, called with a sink, puts, and `tail`.
template <class PutBody>
void append_packet(PacketType type, unsigned flags, std::string& out, PutBody put_body, std::string_view tail = {}) {
    Measure measure;
    put_body(measure);
    const size_t remaining_length = measure.size() + tail.size();
    RUNNEL_CHECK(remaining_length <= kPacketSizeMax - 5);
    const auto length = static_cast<uint32_t>(remaining_length);
    const size_t start = out.size();
    const size_t body_end = start + 1 + variable_byte_integer_size(length) + measure.size();
    const size_t end = body_end + tail.size();
    if (end > out.capacity()) out.reserve(std::max(end, 2 * out.capacity()));
    out.resize(body_end);
    Writer writer(out.data() + start);
    writer.byte(static_cast<unsigned>(type) << 4 | flags);
    writer.variable_byte_integer(length);
    put_body(writer);
    RUNNEL_CHECK(writer.position() == out.data() + body_end);
    out.append(tail);
}

unsigned flags_of(const Connect& packet) {
    unsigned flags = packet.clean_start ? 0x02u : 0u;
    if (packet.will) flags |= 0x04u | static_cast<unsigned>(packet.will->qos) << 3 | (packet.will->retain ? 0x20u : 0u);
    if (packet.password) flags |= 0x40u;
    if (packet.user_name) flags |= 0x80u;
    return flags;
}

template <class Sink>
void put_will(Sink& sink, const Connect& packet, const SizedProperties& properties) {
    if (packet.version == ProtocolVersion::V5) put_properties(sink, properties);
    put_block(sink, packet.will->topic);
    put_block(sink, packet.will->payload);
}

template <class Sink>
void put_connect(Sink& sink, const Connect& packet, const SizedProperties& properties,
                 const SizedProperties& will_properties) {
    put_block(sink, packet.version == ProtocolVersion::V31 ? "MQIsdp" : "MQTT");
    sink.byte(static_cast<unsigned>(packet.version));
    sink.byte(flags_of(packet));
    sink.two_bytes(packet.keep_alive);
    if (packet.version == ProtocolVersion::V5) put_properties(sink, properties);
    put_block(sink, packet.client_identifier);
    if (packet.will) put_will(sink, packet, will_properties);
    if (packet.user_name) put_block(sink, *packet.user_name);
    if (packet.password) put_block(sink, *packet.password);
}

uint8_t return_code_of(const Connack& packet) {
    if (packet.return_code != 0 || packet.reason == ReasonCode::Success) return packet.return_code;
    const uint8_t return_code = connect_return_code_of(packet.reason);
    RUNNEL_CHECK(return_code != 0);  // Never say "accepted" to a client that is refused.
    return return_code;
}

unsigned options_byte(const SubscriptionOptions& options, ProtocolVersion version) {
    const auto qos = static_cast<unsigned>(options.qos);
    if (version != ProtocolVersion::V5) return qos;
    return qos | (options.no_local ? 0x04u : 0u) | (options.retain_as_published ? 0x08u : 0u) |
           static_cast<unsigned>(options.retain_handling) << 4;
}

// Section 3.9.3 of 3.1.1.
unsigned suback_return_code(ReasonCode reason) {
    return is_error(reason) ? 0x80u : static_cast<unsigned>(reason);
}

// Where the last fields of a packet may be left out: nothing, the Reason Code alone, or both.
template <class Sink>
void put_reason_and_properties(Sink& sink, ReasonCode reason, const SizedProperties& properties) {
    if (properties.size == 0 && reason == ReasonCode::Success) return;
    sink.byte(static_cast<unsigned>(reason));
    if (properties.size != 0) put_properties(sink, properties);
}

}  // namespace

size_t encoded_size(const Properties& properties) {
    return SizedProperties(properties).whole_size();
}

void encode(const Connect& packet, std::string& out) {
    // [MQTT-3.1.2-22] of 3.1.1.
    RUNNEL_CHECK(packet.version == ProtocolVersion::V5 || packet.user_name || !packet.password);
    const SizedProperties properties(packet.properties);
    const SizedProperties will_properties(packet.will ? packet.will->properties : packet.properties);
    append_packet(PacketType::Connect, 0, out,
                  [&](auto& sink) { put_connect(sink, packet, properties, will_properties); });
}

void encode(const Connack& packet, ProtocolVersion version, std::string& out) {
    const SizedProperties properties(packet.properties);
    append_packet(PacketType::Connack, 0, out, [&](auto& sink) {
        sink.byte(packet.session_present);
        if (version != ProtocolVersion::V5) return sink.byte(return_code_of(packet));
        sink.byte(static_cast<unsigned>(packet.reason));
        put_properties(sink, properties);
    });
}

void encode(const Publish& packet, ProtocolVersion version, std::string& out) {
    const unsigned flags = (packet.dup ? 8u : 0u) | static_cast<unsigned>(packet.qos) << 1 | (packet.retain ? 1u : 0u);
    const SizedProperties properties(packet.properties);
    const auto put_body = [&](auto& sink) {
        put_block(sink, packet.topic);
        if (packet.qos != QoS::AtMostOnce) put_packet_identifier(sink, packet.packet_identifier);
        if (version == ProtocolVersion::V5) put_properties(sink, properties);
    };
    append_packet(PacketType::Publish, flags, out, put_body, packet.payload);
}

void encode(const PublishAck& packet, ProtocolVersion version, std::string& out) {
    const unsigned flags = packet.type == PacketType::Pubrel ? 2 : 0;
    const SizedProperties properties(packet.properties);
    append_packet(packet.type, flags, out, [&](auto& sink) {
        put_packet_identifier(sink, packet.packet_identifier);
        if (version == ProtocolVersion::V5) put_reason_and_properties(sink, packet.reason, properties);
    });
}

void encode(const Subscribe& packet, ProtocolVersion version, std::string& out) {
    const SizedProperties properties(packet.properties);
    append_packet(PacketType::Subscribe, 2, out, [&](auto& sink) {
        put_packet_identifier(sink, packet.packet_identifier);
        if (version == ProtocolVersion::V5) put_properties(sink, properties);
        for (const SubscriptionRequest& request : packet.requests) {
            put_block(sink, request.filter);
            sink.byte(options_byte(request.options, version));
        }
    });
}

void encode(const Unsubscribe& packet, ProtocolVersion version, std::string& out) {
    const SizedProperties properties(packet.properties);
    append_packet(PacketType::Unsubscribe, 2, out, [&](auto& sink) {
        put_packet_identifier(sink, packet.packet_identifier);
        if (version == ProtocolVersion::V5) put_properties(sink, properties);
        for (const std::string_view filter : packet.filters)
            put_block(sink, filter);
    });
}

void encode(const SubscriptionAck& packet, ProtocolVersion version, std::string& out) {
    const bool is_v5 = version == ProtocolVersion::V5;
    const SizedProperties properties(packet.properties);
    append_packet(packet.type, 0, out, [&](auto& sink) {
        put_packet_identifier(sink, packet.packet_identifier);
        if (is_v5) put_properties(sink, properties);
        if (!is_v5 && packet.type == PacketType::Unsuback) return;
        for (const ReasonCode reason : packet.reasons)
            sink.byte(is_v5 ? static_cast<unsigned>(reason) : suback_return_code(reason));
    });
}

void encode(const Disconnect& packet, ProtocolVersion version, std::string& out) {
    const SizedProperties properties(packet.properties);
    append_packet(PacketType::Disconnect, 0, out, [&](auto& sink) {
        if (version == ProtocolVersion::V5) put_reason_and_properties(sink, packet.reason, properties);
    });
}

void encode(const Auth& packet, std::string& out) {
    const SizedProperties properties(packet.properties);
    append_packet(PacketType::Auth, 0, out, [&](auto& sink) {
        if (properties.size == 0 && packet.reason == ReasonCode::Success) return;
        sink.byte(static_cast<unsigned>(packet.reason));
        put_properties(sink, properties);
    });
}

void encode_pingreq(std::string& out) {
    out.append("\xC0\0", 2);
}
void encode_pingresp(std::string& out) {
    out.append("\xD0\0", 2);
}

}  // namespace runnel::mqtt
