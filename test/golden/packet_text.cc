// SPDX-License-Identifier: Apache-2.0
#include "test/golden/packet_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "broker/mqtt/property_table.h"

namespace runnel::test {

namespace {

using namespace mqtt;

// `Maximum QoS` is written maximum_qos.
std::string key_of(PropertyId id) {
    std::string key = name_of(id);
    std::replace(key.begin(), key.end(), ' ', '_');
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
    return key;
}

bool is_text(PropertyId id) {
    return rule_of(id).type == PropertyType::Text || rule_of(id).type == PropertyType::BinaryData;
}

bool is_property(size_t id) {
    return kPropertyRules[id].packets != 0;
}

// Both archives below have the same functions, so one description of a packet's fields serves to print and to parse.
class Printer {
public:
    static constexpr bool kParses = false;

    std::string take() { return std::move(line_); }
    void word(std::string_view word) { line_ += word; }

    template <class Number>
    void number(std::string_view key, Number& value, unsigned otherwise = 0) {
        if (static_cast<unsigned>(value) != otherwise) put(key, std::to_string(static_cast<unsigned>(value)));
    }
    void text(std::string_view key, std::string_view& value) { put(key, quoted(value)); }
    void optional_text(std::string_view key, std::optional<std::string_view>& value) {
        if (value) text(key, *value);
    }
    void properties(std::string_view prefix, Properties& properties);

private:
    void put(std::string_view key, std::string_view value) { line_.append(" ").append(key).append("=").append(value); }
    static std::string quoted(std::string_view text);

    std::string line_;
};

std::string Printer::quoted(std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            quoted.append("\\").append(1, c);
        else if (byte < 0x20 || byte > 0x7E || c == '|')
            quoted.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
        else
            quoted.append(1, c);
    }
    return quoted + "\"";
}

void Printer::properties(std::string_view prefix, Properties& properties) {
    for (size_t index = 0; index < kPropertyIdCount; ++index) {
        const auto id = static_cast<PropertyId>(index);
        if (!is_property(index) || !properties.has(id) || id == PropertyId::UserProperty) continue;
        if (id == PropertyId::SubscriptionIdentifier) continue;
        const std::string value = is_text(id) ? quoted(properties.text(id)) : std::to_string(properties.number(id));
        put(std::string(prefix) + key_of(id), value);
    }
    properties.for_each_user_property([&](std::string_view name, std::string_view value) {
        put(std::string(prefix) + "user_property", quoted(name) + "=" + quoted(value));
    });
    properties.for_each_subscription_identifier(
        [&](uint32_t number) { put("subscription_identifier", std::to_string(number)); });
}

// Takes the fields off a line in the order in which they are asked for. A field that is not next has its default.
class Parser {
public:
    static constexpr bool kParses = true;

    Parser(std::string_view line, PacketStorage& storage) : rest_(line), storage_(storage) { skip_spaces(); }

    const std::string& complaint() const { return complaint_; }
    std::string_view rest() const { return rest_; }

    std::string_view take_word() {
        const std::string_view word = rest_.substr(0, rest_.find(' '));
        rest_.remove_prefix(word.size());
        skip_spaces();
        return word;
    }

    template <class Number>
    void number(std::string_view key, Number& value, unsigned otherwise = 0) {
        value = static_cast<Number>(take_key(key) ? take_number() : otherwise);
    }
    void text(std::string_view key, std::string_view& value) {
        if (take_key(key))
            value = take_text();
        else
            complain("no " + std::string(key));
    }
    void optional_text(std::string_view key, std::optional<std::string_view>& value) {
        if (take_key(key)) value = take_text();
    }
    bool next_is(std::string_view key) const { return rest_.starts_with(std::string(key) + "="); }
    void properties(std::string_view prefix, Properties& properties);

private:
    void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }
    void complain(std::string what) {
        if (complaint_.empty()) complaint_ = std::move(what);
    }
    bool take_key(std::string_view key) {
        if (!next_is(key)) return false;
        rest_.remove_prefix(key.size() + 1);
        return true;
    }
    uint32_t take_number();
    std::string_view take_text();
    char take_character();
    void user_properties(std::string_view prefix, Properties& properties);

    std::string_view rest_;
    PacketStorage& storage_;
    std::string complaint_;
};

uint32_t Parser::take_number() {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) complain("no number where one is due");
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    skip_spaces();
    return value;
}

char Parser::take_character() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c != '\\' || rest_.empty()) return c;
    const char escaped = rest_.front();
    rest_.remove_prefix(1);
    if (escaped != 'x') return escaped;
    unsigned byte = 0;
    const std::string_view digits = rest_.substr(0, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc{} || end != digits.data() + 2) complain("\\x is not followed by two digits");
    rest_.remove_prefix(digits.size());
    return static_cast<char>(byte);
}

std::string_view Parser::take_text() {
    std::string& text = storage_.texts.emplace_back();
    if (!rest_.starts_with('"')) {
        complain("no quoted text where one is due");
        return text;
    }
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"')
        text += take_character();
    if (rest_.empty())
        complain("a text has no closing quote");
    else
        rest_.remove_prefix(1);
    if (!rest_.starts_with('=')) skip_spaces();
    return text;
}

void Parser::user_properties(std::string_view prefix, Properties& properties) {
    std::string& block = storage_.texts.emplace_back();
    while (take_key(std::string(prefix) + "user_property")) {
        const std::string_view name = take_text();
        if (!take_key("")) complain("a User Property without value");
        append_user_property(block, name, take_text());
    }
    properties.set_encoded(block, !block.empty());
}

void Parser::properties(std::string_view prefix, Properties& properties) {
    for (size_t index = 0; index < kPropertyIdCount; ++index) {
        const auto id = static_cast<PropertyId>(index);
        if (!is_property(index) || id == PropertyId::UserProperty || id == PropertyId::SubscriptionIdentifier) continue;
        if (!take_key(std::string(prefix) + key_of(id))) continue;
        if (is_text(id))
            properties.set(id, take_text());
        else
            properties.set(id, take_number());
    }
    user_properties(prefix, properties);
    std::vector<uint32_t>& numbers = storage_.numbers.emplace_back();
    while (take_key("subscription_identifier"))
        numbers.push_back(take_number());
    properties.subscription_identifiers = numbers;
}

// The fields of each packet, in the order of their texts.

template <class Archive>
void visit_will(Archive& archive, std::optional<WillFields>& will, ProtocolVersion version) {
    if constexpr (Archive::kParses) {
        if (archive.next_is("will_topic")) will.emplace();
    }
    if (!will) return;
    archive.text("will_topic", will->topic);
    archive.text("will_payload", will->payload);
    archive.number("will_qos", will->qos);
    archive.number("will_retain", will->retain);
    if (version == ProtocolVersion::V5) archive.properties("will.", will->properties);
}

template <class Archive>
void visit(Archive& archive, Connect& packet, ProtocolVersion) {
    archive.number("version", packet.version);
    archive.number("clean_start", packet.clean_start);
    archive.number("keep_alive", packet.keep_alive);
    archive.text("client_identifier", packet.client_identifier);
    visit_will(archive, packet.will, packet.version);
    archive.optional_text("user_name", packet.user_name);
    archive.optional_text("password", packet.password);
    archive.properties("", packet.properties);
}

template <class Archive>
void visit(Archive& archive, Connack& packet, ProtocolVersion version) {
    archive.number("session_present", packet.session_present);
    if (version == ProtocolVersion::V5)
        archive.number("reason", packet.reason);
    else
        archive.number("return_code", packet.return_code);
    archive.properties("", packet.properties);
}

template <class Archive>
void visit(Archive& archive, Publish& packet, ProtocolVersion) {
    archive.number("dup", packet.dup);
    archive.number("qos", packet.qos);
    archive.number("retain", packet.retain);
    archive.number("id", packet.packet_identifier);
    archive.text("topic", packet.topic);
    archive.text("payload", packet.payload);
    archive.properties("", packet.properties);
}

template <class Archive>
void visit(Archive& archive, PublishAck& packet, ProtocolVersion) {
    archive.number("id", packet.packet_identifier);
    archive.number("reason", packet.reason);
    archive.properties("", packet.properties);
}

template <class Archive>
void visit(Archive& archive, SubscriptionRequest& request) {
    archive.text("filter", request.filter);
    archive.number("qos", request.options.qos);
    archive.number("no_local", request.options.no_local);
    archive.number("retain_as_published", request.options.retain_as_published);
    archive.number("retain_handling", request.options.retain_handling);
}

template <class Archive>
void visit(Archive& archive, Subscribe& packet, ProtocolVersion) {
    archive.number("id", packet.packet_identifier);
    if constexpr (Archive::kParses) {
        while (archive.next_is("filter"))
            visit(archive, packet.requests.emplace_back());
    } else {
        for (SubscriptionRequest& request : packet.requests)
            visit(archive, request);
    }
    archive.properties("", packet.properties);
}

template <class Archive>
void visit(Archive& archive, Unsubscribe& packet, ProtocolVersion) {
    archive.number("id", packet.packet_identifier);
    if constexpr (Archive::kParses) {
        while (archive.next_is("filter"))
            archive.text("filter", packet.filters.emplace_back());
    } else {
        for (std::string_view& filter : packet.filters)
            archive.text("filter", filter);
    }
    archive.properties("", packet.properties);
}

constexpr unsigned kAlwaysPrinted = 0xFFFFFFFF;

template <class Archive>
void visit(Archive& archive, SubscriptionAck& packet, ProtocolVersion) {
    archive.number("id", packet.packet_identifier);
    if constexpr (Archive::kParses) {
        while (archive.next_is("reason"))
            archive.number("reason", packet.reasons.emplace_back());
    } else {
        for (ReasonCode& reason : packet.reasons)
            archive.number("reason", reason, kAlwaysPrinted);
    }
    archive.properties("", packet.properties);
}

template <class Archive>
void visit(Archive& archive, Disconnect& packet, ProtocolVersion) {
    archive.number("reason", packet.reason);
    archive.properties("", packet.properties);
}

template <class Archive>
void visit(Archive& archive, Auth& packet, ProtocolVersion) {
    archive.number("reason", packet.reason);
    archive.properties("", packet.properties);
}

template <class Archive>
void visit(Archive&, Ping&, ProtocolVersion) {}

struct TypeOf {
    PacketType operator()(const Connect&) const { return PacketType::Connect; }
    PacketType operator()(const Connack&) const { return PacketType::Connack; }
    PacketType operator()(const Publish&) const { return PacketType::Publish; }
    PacketType operator()(const PublishAck& packet) const { return packet.type; }
    PacketType operator()(const Subscribe&) const { return PacketType::Subscribe; }
    PacketType operator()(const Unsubscribe&) const { return PacketType::Unsubscribe; }
    PacketType operator()(const SubscriptionAck& packet) const { return packet.type; }
    PacketType operator()(const Disconnect&) const { return PacketType::Disconnect; }
    PacketType operator()(const Auth&) const { return PacketType::Auth; }
    PacketType operator()(const Ping& packet) const { return packet.type; }
};

// An empty packet of the type that `word` names.
std::optional<AnyPacket> packet_named(std::string_view word) {
    for (unsigned number = 1; number < 16; ++number) {
        const auto type = static_cast<PacketType>(number);
        if (word != name_of(type)) continue;
        switch (type) {
            case PacketType::Connect: return Connect();
            case PacketType::Connack: return Connack();
            case PacketType::Publish: return Publish();
            case PacketType::Subscribe: return Subscribe();
            case PacketType::Unsubscribe: return Unsubscribe();
            case PacketType::Disconnect: return Disconnect();
            case PacketType::Auth: return Auth();
            case PacketType::Pingreq:
            case PacketType::Pingresp: return Ping{type};
            case PacketType::Suback:
            case PacketType::Unsuback: return SubscriptionAck{type, 0, {}, {}};
            default: return PublishAck{type, 0, ReasonCode::Success, {}};
        }
    }
    return std::nullopt;
}

}  // namespace

std::string text_of(const AnyPacket& packet, ProtocolVersion version) {
    Printer printer;
    printer.word(name_of(std::visit(TypeOf{}, packet)));
    AnyPacket copy = packet;  // One description of the fields serves both ways, so it wants to be able to set them.
    std::visit([&](auto& fields) { visit(printer, fields, version); }, copy);
    return printer.take();
}

std::optional<AnyPacket> packet_of(std::string_view text, ProtocolVersion version, PacketStorage& storage,
                                   std::string& complaint) {
    Parser parser(text, storage);
    auto packet = packet_named(parser.take_word());
    if (!packet) {
        complaint = "no such packet";
        return std::nullopt;
    }
    std::visit([&](auto& fields) { visit(parser, fields, version); }, *packet);
    complaint = parser.complaint();
    if (complaint.empty() && !parser.rest().empty()) complaint = "left over: " + std::string(parser.rest());
    if (!complaint.empty()) return std::nullopt;
    return packet;
}

}  // namespace runnel::test
