// SPDX-License-Identifier: Apache-2.0
// The framing of RFC 6455 as a table: what a client sends, what of it is MQTT, and what it is answered.
#include "bridges/websocket/websocket_filter.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using runnel::websocket::WebSocketFilter;

namespace {

constexpr uint64_t kFrameMax = 100'000;
constexpr std::array<char, 4> kMask{0x12, 0x7f, '\0', static_cast<char>(0xff)};

enum Opcode : uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

std::string masked(std::string_view payload) {
    std::string out(kMask.data(), kMask.size());
    for (size_t i = 0; i < payload.size(); ++i)
        out.push_back(static_cast<char>(payload[i] ^ kMask[i % 4]));
    return out;
}

std::string length_in(int bytes, uint64_t length) {
    std::string out;
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(length >> shift));
    return out;
}

std::string head(uint8_t first, uint64_t length) {
    std::string out(1, static_cast<char>(first));
    if (length < 126) return out + static_cast<char>(0x80 | length);
    if (length <= 0xFFFF) return out + static_cast<char>(0x80 | 126) + length_in(2, length);
    return out + static_cast<char>(0x80 | 127) + length_in(8, length);
}

// A frame of a client; the last of its message unless `more` follows.
std::string frame(Opcode opcode, std::string_view payload, bool more = false) {
    return head(static_cast<uint8_t>((more ? 0 : 0x80) | opcode), payload.size()) + masked(payload);
}

// What a server sends.
std::string answer(Opcode opcode, const std::string& payload) {
    return std::string(1, static_cast<char>(0x80 | opcode)) + static_cast<char>(payload.size()) + payload;
}

std::string close_answer(uint16_t code) {
    return answer(Close, length_in(2, code));
}

struct Outcome {
    std::string inside;
    std::string outside;
    bool goes_on = true;
    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    out << "inside \"" << outcome.inside << "\", outside ";
    for (const char byte : outcome.outside)
        out << std::hex << (static_cast<unsigned>(byte) & 0xff) << ' ';
    return out << (outcome.goes_on ? "goes on" : "ended");
}

// In pieces of `step` bytes.
Outcome fed(const std::string& bytes, size_t step) {
    WebSocketFilter filter(kFrameMax);
    Outcome outcome;
    for (size_t at = 0; at < bytes.size() && outcome.goes_on; at += step)
        outcome.goes_on = filter.received(std::string_view(bytes).substr(at, step), outcome.inside, outcome.outside);
    return outcome;
}

struct Case {
    std::string name;
    std::string bytes;
    Outcome expected;
};

Outcome refused(uint16_t code, std::string inside = {}) {
    return {std::move(inside), close_answer(code), false};
}

std::vector<Case> good_frames() {
    const std::string zeros(126, 'z');
    const std::string large(70'000, 'l');
    return {
        {"one message", frame(Binary, "abc"), {"abc", "", true}},
        {"empty message", frame(Binary, ""), {"", "", true}},
        {"two messages", frame(Binary, "abc") + frame(Binary, "def"), {"abcdef", "", true}},
        {"length in 16 bits", frame(Binary, zeros), {zeros, "", true}},
        {"length in 64 bits", frame(Binary, large), {large, "", true}},
        {"fragments",
         frame(Binary, "a", true) + frame(Continuation, "b", true) + frame(Continuation, "c"),
         {"abc", "", true}},
        {"empty fragments",
         frame(Binary, "", true) + frame(Continuation, "", true) + frame(Continuation, "x"),
         {"x", "", true}},
        {"ping", frame(Ping, "hello"), {"", answer(Pong, "hello"), true}},
        {"empty ping", frame(Ping, ""), {"", answer(Pong, ""), true}},
        {"ping of 125 bytes", frame(Ping, zeros.substr(1)), {"", answer(Pong, zeros.substr(1)), true}},
        {"ping between fragments",
         frame(Binary, "a", true) + frame(Ping, "p") + frame(Continuation, "b"),
         {"ab", answer(Pong, "p"), true}},
        {"pong nobody asked for", frame(Pong, "x") + frame(Binary, "a"), {"a", "", true}},
    };
}

std::vector<Case> closes() {
    return {
        {"close", frame(Close, length_in(2, 1000)), {"", close_answer(1000), false}},
        {"close with a reason",
         frame(Close, length_in(2, 1001) + "bye"),
         {"", answer(Close, length_in(2, 1001) + "bye"), false}},
        {"close without a code", frame(Close, ""), {"", answer(Close, ""), false}},
        {"close of an application", frame(Close, length_in(2, 4999)), {"", close_answer(4999), false}},
        {"nothing counts after a close",
         frame(Close, length_in(2, 1000)) + frame(Binary, "x"),
         {"", close_answer(1000), false}},
        {"close of one byte", frame(Close, "x"), refused(1002)},
        {"close code 999", frame(Close, length_in(2, 999)), refused(1002)},
        {"close code 1004", frame(Close, length_in(2, 1004)), refused(1002)},
        {"close code 1005", frame(Close, length_in(2, 1005)), refused(1002)},
        {"close code 1006", frame(Close, length_in(2, 1006)), refused(1002)},
        {"close code 5000", frame(Close, length_in(2, 5000)), refused(1002)},
        {"close reason that is not UTF-8", frame(Close, length_in(2, 1000) + "\xff"), refused(1007)},
    };
}

std::vector<Case> broken_frames() {
    const std::string zeros(126, 'z');
    return {
        {"text, which MQTT forbids", frame(Text, "abc"), refused(1003)},
        {"text in fragments", frame(Text, "a", true) + frame(Continuation, "b"), refused(1003)},
        {"text after MQTT", frame(Binary, "a") + frame(Text, "b"), refused(1003, "a")},
        {"no mask",
         std::string("\x82\x03"
                     "abc",
                     5),
         refused(1002)},
        {"continuation of nothing", frame(Continuation, "a"), refused(1002)},
        {"a new message within a message", frame(Binary, "a", true) + frame(Binary, "b"), refused(1002, "a")},
        {"ping in fragments", frame(Ping, "a", true), refused(1002)},
        {"close in fragments", frame(Close, "", true), refused(1002)},
        {"ping of 126 bytes", frame(Ping, zeros), refused(1002)},
        {"first reserved bit, of compression", head(0xC2, 1) + masked("a"), refused(1002)},
        {"second reserved bit", head(0xA2, 1) + masked("a"), refused(1002)},
        {"third reserved bit", head(0x92, 1) + masked("a"), refused(1002)},
        {"reserved opcode of data", head(0x83, 1) + masked("a"), refused(1002)},
        {"reserved opcode of control", head(0x8B, 1) + masked("a"), refused(1002)},
        {"16 bits for a short length", std::string("\x82\xfe", 2) + length_in(2, 125) + masked(zeros.substr(1)),
         refused(1002)},
        {"64 bits for a short length", std::string("\x82\xff", 2) + length_in(8, 65'535) + masked(zeros),
         refused(1002)},
        {"a length with its highest bit", std::string("\x82\xff", 2) + length_in(8, uint64_t{1} << 63) + masked(""),
         refused(1002)},
        {"the longest frame", head(0x82, kFrameMax) + masked("x"), {"x", "", true}},
        {"a frame that is too long", head(0x82, kFrameMax + 1) + masked(""), refused(1009)},
        {"a frame of 2 GiB, announced", head(0x82, 0x7fffffff) + masked(""), refused(1009)},
    };
}

}  // namespace

TEST_CASE("websocket: frames, whole and byte by byte") {
    for (const auto& cases : {good_frames(), closes(), broken_frames()}) {
        for (const Case& one : cases) {
            CAPTURE(one.name);
            CHECK(fed(one.bytes, one.bytes.size()) == one.expected);
            CHECK(fed(one.bytes, 1) == one.expected);
            CHECK(fed(one.bytes, 7) == one.expected);
        }
    }
}

TEST_CASE("websocket: fragments without end cost nothing, their bytes go on at once") {
    WebSocketFilter filter(kFrameMax);
    std::string inside;
    std::string outside;
    CHECK(filter.received(frame(Binary, "x", true), inside, outside));
    const std::string part = frame(Continuation, std::string(1000, 'y'), true);
    for (int i = 0; i < 1000; ++i) {
        inside.clear();
        REQUIRE(filter.received(part, inside, outside));
        CHECK(inside.size() == 1000);
    }
    CHECK(outside.empty());
}

TEST_CASE("websocket: a flood of pings ends the connection") {
    WebSocketFilter filter(kFrameMax);
    std::string flood;
    for (int i = 0; i < 500; ++i)
        flood += frame(Ping, std::string(125, 'p'));
    std::string inside;
    std::string outside;
    CHECK_FALSE(filter.received(flood, inside, outside));
    CHECK(outside.size() < 70 * 127);
    CHECK(outside.ends_with(close_answer(1008)));
}

TEST_CASE("websocket: what the broker sends is one binary message for each write") {
    WebSocketFilter filter(kFrameMax);
    const auto wrapped = [&](const std::vector<std::string>& pieces) {
        const std::vector<std::string_view> views(pieces.begin(), pieces.end());
        std::string outside;
        filter.wrap(views, outside);
        return outside;
    };
    CHECK(wrapped({"ab", "c"}) == answer(Binary, "abc"));
    CHECK(wrapped({std::string(126, 'x')}) == "\x82\x7e" + length_in(2, 126) + std::string(126, 'x'));
    CHECK(wrapped({std::string(65'535, 'x')}).starts_with("\x82\x7e\xff\xff"));
    CHECK(wrapped({std::string(65'536, 'x')}) == "\x82\x7f" + length_in(8, 65'536) + std::string(65'536, 'x'));
}

TEST_CASE("websocket: the broker says that it closes, once") {
    WebSocketFilter filter(kFrameMax);
    std::string outside;
    filter.close(outside);
    CHECK(outside == close_answer(1000));
    filter.close(outside);
    CHECK(outside == close_answer(1000));
    std::string inside;
    CHECK_FALSE(filter.received(frame(Binary, "late"), inside, outside));
    CHECK(inside.empty());
}
