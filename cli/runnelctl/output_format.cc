// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/output_format.h"

#include <cstdio>
#include <optional>

#include "cli/runnelctl/clock.h"
#include "cli/runnelctl/json_message.h"

namespace runnel::ctl {

using mqtt::PropertyId;

namespace {

constexpr std::string_view kMessageLetters = "%ACDEFIjJlmpPqrRStUxX";
constexpr std::string_view kZeroPaddable = "AEFlmSxX";
constexpr std::string_view kPaddable = "ACEFIlmpRStxX";
constexpr std::string_view kCuttable = "CIRt";
constexpr size_t kWidthMax = 10'000;

std::string number_text(const mqtt::Properties& properties, PropertyId id) {
    return properties.has(id) ? std::to_string(properties.number(id)) : std::string{};
}

std::string subscription_identifiers_text(const mqtt::Properties& properties) {
    std::string text;
    properties.for_each_subscription_identifier([&](uint32_t number) {
        if (!text.empty()) text += ' ';
        text += std::to_string(number);
    });
    return text;
}

std::string user_properties_text(const mqtt::Properties& properties) {
    std::string text;
    properties.for_each_user_property([&](std::string_view name, std::string_view value) {
        if (!text.empty()) text += ' ';
        text.append(name).append(":").append(value);
    });
    return text;
}

std::string hexadecimal_of(std::string_view bytes, const char* digits) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        text += digits[static_cast<uint8_t>(byte) >> 4];
        text += digits[static_cast<uint8_t>(byte) & 15];
    }
    return text;
}

std::string message_text(char letter, const mqtt::Publish& message, const timespec& received_at) {
    const mqtt::Properties& properties = message.properties;
    switch (letter) {
        case 'A': return number_text(properties, PropertyId::TopicAlias);
        case 'C': return std::string(properties.text_or(PropertyId::ContentType, ""));
        case 'D': return std::string(properties.text_or(PropertyId::CorrelationData, ""));
        case 'E': return number_text(properties, PropertyId::MessageExpiryInterval);
        case 'F': return number_text(properties, PropertyId::PayloadFormatIndicator);
        case 'I': return clock_text("%Y-%m-%dT%H:%M:%S%z", received_at);
        case 'l': return std::to_string(message.payload.size());
        case 'm': return std::to_string(message.packet_identifier);
        case 'p': return std::string(message.payload);
        case 'P': return user_properties_text(properties);
        case 'q': return std::to_string(static_cast<int>(message.qos));
        case 'r': return message.retain ? "1" : "0";
        case 'R': return std::string(properties.text_or(PropertyId::ResponseTopic, ""));
        case 'S': return subscription_identifiers_text(properties);
        case 't': return std::string(message.topic);
        case 'U': return std::to_string(received_at.tv_sec) + "." + nanoseconds_text(received_at);
        case 'x': return hexadecimal_of(message.payload, "0123456789abcdef");
        case 'X': return hexadecimal_of(message.payload, "0123456789ABCDEF");
        default: return "%";
    }
}

std::optional<char> escaped_character(char letter) {
    switch (letter) {
        case '\\': return '\\';
        case '0': return '\0';
        case 'a': return '\a';
        case 'e': return '\033';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'v': return '\v';
        default: return std::nullopt;
    }
}

bool holds(std::string_view letters, char letter) {
    return letters.find(letter) != std::string_view::npos;
}

}  // namespace

class OutputFormat::Parser {
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    Result<OutputFormat, std::string> run() {
        while (!rest_.empty() && error_.empty()) {
            const char c = take();
            if (c == '%') {
                message_piece();
            } else if (c == '@') {
                clock_piece();
            } else if (c == '\\') {
                escape();
            } else {
                literal(c);
            }
        }
        if (!error_.empty()) return error_;
        return std::move(format_);
    }

private:
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    bool incomplete() {
        if (rest_.empty()) error_ = "The format ends in the middle of a sequence.";
        return rest_.empty();
    }

    void literal(char c) {
        auto& pieces = format_.pieces_;
        if (pieces.empty() || pieces.back().kind != Piece::Kind::Literal) pieces.emplace_back();
        pieces.back().literal += c;
    }

    void escape() {
        if (incomplete()) return;
        const char letter = take();
        if (const auto c = escaped_character(letter))
            literal(*c);
        else
            error_ = std::string("'\\") + letter + "' means nothing in a format.";
    }

    void clock_piece() {
        if (incomplete()) return;
        const char letter = take();
        if (letter == '@') return literal('@');
        Piece piece;
        piece.kind = Piece::Kind::Clock;
        piece.letter = letter;
        format_.pieces_.push_back(piece);
    }

    size_t width() {
        size_t width = 0;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && width <= kWidthMax)
            width = width * 10 + static_cast<size_t>(take() - '0');
        if (width > kWidthMax) error_ = "A width in the format is above " + std::to_string(kWidthMax) + ".";
        return width;
    }

    void message_piece() {
        Piece piece;
        piece.kind = Piece::Kind::Message;
        for (; !rest_.empty() && (rest_.front() == '-' || rest_.front() == '0'); take())
            (rest_.front() == '-' ? piece.left_aligned : piece.zero_padded) = true;
        piece.width_min = width();
        if (!rest_.empty() && rest_.front() == '.') {
            take();
            piece.width_max = width();
        }
        if (!error_.empty() || incomplete()) return;
        piece.letter = take();
        if (piece.letter == '%') return literal('%');
        if (holds(kMessageLetters, piece.letter))
            format_.pieces_.push_back(piece);
        else
            error_ = std::string("'%") + piece.letter + "' means nothing in a format.";
    }

    std::string_view rest_;
    std::string error_;
    OutputFormat format_;
};

Result<OutputFormat, std::string> OutputFormat::parse(std::string_view text) {
    return Parser(text).run();
}

bool OutputFormat::append_piece(std::string& out, const Piece& piece, const mqtt::Publish& message,
                                const timespec& received_at) {
    if (piece.letter == 'j') return append_json_message(out, message, received_at, JsonPayload::Text);
    if (piece.letter == 'J') return append_json_message(out, message, received_at, JsonPayload::Value);
    std::string text = message_text(piece.letter, message, received_at);
    if (holds(kCuttable, piece.letter) && text.size() > piece.width_max) text.resize(piece.width_max);
    if (holds(kPaddable, piece.letter) && text.size() < piece.width_min) {
        const size_t missing = piece.width_min - text.size();
        const bool zero = piece.zero_padded && !piece.left_aligned && holds(kZeroPaddable, piece.letter);
        text.insert(piece.left_aligned ? text.size() : 0, missing, zero ? '0' : ' ');
    }
    out += text;
    return true;
}

bool OutputFormat::append(std::string& out, const mqtt::Publish& message, const timespec& received_at) const {
    const size_t start = out.size();
    for (const Piece& piece : pieces_) {
        if (piece.kind == Piece::Kind::Literal) {
            out += piece.literal;
        } else if (piece.kind == Piece::Kind::Clock) {
            const char format[] = {'%', piece.letter, '\0'};
            out += piece.letter == 'N' ? nanoseconds_text(received_at) : clock_text(format, received_at);
        } else if (!append_piece(out, piece, message, received_at)) {
            out.resize(start);
            return false;
        }
    }
    return true;
}

}  // namespace runnel::ctl
