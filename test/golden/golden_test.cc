// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

#include "broker/mqtt/property_table.h"
#include "test/golden/golden_table.h"
#include "test/golden/packet_text.h"
#include "test/golden/round_trip.h"

namespace {

using namespace runnel::mqtt;
using namespace runnel::test;

constexpr uint32_t kPacketSizeLimit = 1'048'576;

const std::vector<GoldenRow>& table() {
    static const std::vector<GoldenRow> rows = read_golden_table(RUNNEL_GOLDEN_TABLE);
    return rows;
}

std::string label_of(const GoldenRow& row) {
    return row.name + " (version " + std::to_string(static_cast<int>(row.version)) + ")";
}

// A copy in memory of exactly its size, so that the address sanitizer sees a read past the end.
class ExactBytes {
public:
    explicit ExactBytes(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), bytes_.get());
    }
    std::string_view view() const { return {bytes_.get(), size_}; }
    char& operator[](size_t i) { return bytes_[i]; }

private:
    std::unique_ptr<char[]> bytes_;
    size_t size_;
};

std::string refusal_text(const Frame& frame, const Decoded& decoded) {
    char code[8];
    std::snprintf(code, sizeof code, "0x%02x ", static_cast<unsigned>(decoded.error.reason));
    std::string recognized;
    if (frame.type() == PacketType::Connect && decoded.refusal.recognized == ConnectRecognized::No)
        recognized = "(not recognized) ";
    if (decoded.refusal.recognized == ConnectRecognized::UnsupportedVersion)
        recognized = "(unsupported level " + std::to_string(decoded.refusal.level) + ") ";
    return code + recognized + decoded.error.what;
}

// What becomes of the bytes of a row, in the words of the table.
std::string outcome_of(std::string_view bytes, ProtocolVersion version) {
    Frame frame;
    switch (read_frame(span_of(bytes), kPacketSizeLimit, frame)) {
        case FrameState::Partial: return "frame partial";
        case FrameState::Malformed: return "frame malformed";
        case FrameState::TooLarge: return "frame too large";
        case FrameState::Complete: break;
    }
    if (frame.size != bytes.size()) return "frame smaller than the bytes of the row";
    const Decoded decoded = decode_any(frame, version);
    return decoded.error ? refusal_text(frame, decoded) : text_of(decoded.packet, version);
}

}  // namespace

TEST_CASE("every row decodes to what it says") {
    for (const GoldenRow& row : table()) {
        CAPTURE(label_of(row));
        const ExactBytes bytes(row.bytes);
        CHECK(outcome_of(bytes.view(), row.version) == row.expected);
    }
}

TEST_CASE("the fields of a row encode to its bytes") {
    for (const GoldenRow& row : table()) {
        if (row.kind != GoldenKind::BothWays) continue;
        CAPTURE(label_of(row));
        PacketStorage storage;
        std::string complaint;
        const auto packet = packet_of(row.expected, row.version, storage, complaint);
        CHECK(complaint == "");
        if (packet) CHECK(encode_any(*packet, row.version) == row.bytes);
    }
}

TEST_CASE("a row that decodes only says the same after it was encoded") {
    for (const GoldenRow& row : table()) {
        if (row.kind != GoldenKind::DecodeOnly) continue;
        CAPTURE(label_of(row));
        Frame frame;
        REQUIRE(read_frame(span_of(row.bytes), kPacketSizeLimit, frame) == FrameState::Complete);
        CHECK(broken_promise(frame, row.version).value_or("") == "");
        CHECK(encode_any(decode_any(frame, row.version).packet, row.version) != row.bytes);
    }
}

TEST_CASE("a packet that has not arrived whole is never taken for one") {
    for (const GoldenRow& row : table()) {
        if (row.kind == GoldenKind::Refused) continue;
        CAPTURE(label_of(row));
        for (size_t size = 0; size < row.bytes.size(); ++size) {
            const ExactBytes prefix(std::string_view(row.bytes).substr(0, size));
            Frame frame;
            CHECK(read_frame(span_of(prefix.view()), kPacketSizeLimit, frame) == FrameState::Partial);
            CHECK((frame.size == 0 || frame.size == row.bytes.size()));
        }
    }
}

TEST_CASE("a body that is cut off anywhere is refused or keeps the promises") {
    for (const GoldenRow& row : table()) {
        Frame frame;
        if (read_frame(span_of(row.bytes), kPacketSizeLimit, frame) != FrameState::Complete) continue;
        CAPTURE(label_of(row));
        for (size_t size = 0; size < frame.body.size(); ++size) {
            const ExactBytes prefix(frame.body.substr(0, size));
            const Frame cut{frame.header, prefix.view(), frame.size};
            CHECK(broken_promise(cut, row.version).value_or("") == "");
        }
    }
}

TEST_CASE("a body with any one byte changed is refused or keeps the promises") {
    for (const GoldenRow& row : table()) {
        Frame frame;
        if (read_frame(span_of(row.bytes), kPacketSizeLimit, frame) != FrameState::Complete) continue;
        CAPTURE(label_of(row));
        ExactBytes body(frame.body);
        for (size_t i = 0; i < std::min<size_t>(frame.body.size(), 100); ++i) {
            for (unsigned value = 0; value < 256; ++value) {
                body[i] = static_cast<char>(value);
                const auto broken = broken_promise({frame.header, body.view(), frame.size}, row.version);
                if (broken) FAIL_CHECK(*broken);
            }
            body[i] = frame.body[i];
        }
    }
}

TEST_CASE("the table leaves nothing out") {
    std::set<std::pair<unsigned, ProtocolVersion>> types;
    std::set<std::string> properties;
    std::set<ReasonCode> refusals;
    for (const GoldenRow& row : table()) {
        Frame frame;
        if (read_frame(span_of(row.bytes), kPacketSizeLimit, frame) != FrameState::Complete) continue;
        const Decoded decoded = decode_any(frame, row.version);
        if (decoded.error) {
            refusals.insert(decoded.error.reason);
            continue;
        }
        types.emplace(static_cast<unsigned>(frame.type()), row.version);
        for (const PropertyRule& rule : kPropertyRules) {
            if (rule.packets == 0) continue;
            std::string key = rule.name;
            std::transform(key.begin(), key.end(), key.begin(),
                           [](unsigned char c) { return c == ' ' ? '_' : std::tolower(c); });
            if (row.expected.find(key + "=") != std::string::npos) properties.insert(key);
        }
    }
    for (const auto version : {ProtocolVersion::V31, ProtocolVersion::V311, ProtocolVersion::V5})
        for (unsigned type = 1; type < (version == ProtocolVersion::V5 ? 16u : 15u); ++type) {
            CAPTURE(name_of(static_cast<PacketType>(type)));
            CAPTURE(static_cast<int>(version));
            CHECK(types.contains({type, version}));
        }
    CHECK(properties.size() == 27);
    CHECK(refusals == std::set<ReasonCode>{ReasonCode::MalformedPacket, ReasonCode::ProtocolError,
                                           ReasonCode::UnsupportedProtocolVersion, ReasonCode::TopicNameInvalid,
                                           ReasonCode::TopicAliasInvalid, ReasonCode::QuotaExceeded});
    CHECK(table().size() >= 150);
}
