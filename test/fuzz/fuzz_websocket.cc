// SPDX-License-Identifier: Apache-2.0
// MQTT over WebSocket against anything: an opening handshake and frames. The first byte of the input chooses the pieces
// in which the rest is received: what MQTT is found in it must not depend on them. (When the end is seen does: a close
// whose reason is not UTF-8 may be refused before all of it has come.)
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridges/websocket/handshake.h"
#include "bridges/websocket/websocket_filter.h"

namespace {

using namespace runnel;

constexpr uint64_t kFrameMax = 4096;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

// The MQTT in it.
std::string play(std::string_view bytes, size_t piece) {
    websocket::WebSocketFilter filter(kFrameMax);
    std::string inside;
    std::string outside;
    size_t received = 0;
    bool goes_on = true;
    for (size_t at = 0; at < bytes.size() && goes_on; at += piece) {
        const std::string_view next = bytes.substr(at, piece);
        received += next.size();
        goes_on = filter.received(next, inside, outside);
        // A frame of a client has 6 bytes besides what it carries, and what answers it has no more than that.
        if (outside.size() > received + 4) fail("more is answered than was said");
    }
    if (inside.size() > received) fail("more came out than went in");
    const std::string_view packet = "\xd0\x00";
    const size_t before = outside.size();
    filter.wrap({&packet, 1}, outside);
    filter.close(outside);
    if (outside.size() > before + 16) fail("a packet and a close are longer than they need be");
    const size_t found = inside.size();
    if (!goes_on && (filter.received("\x82\x81xxxxx", inside, outside) || inside.size() != found))
        fail("it goes on behind its end");
    return inside;
}

// Lines "name: value".
void shake_hands(std::string_view text) {
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        const size_t colon = std::min(line.find(": "), line.size());
        fields.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    const websocket::Handshake handshake({kFrameMax, {"https://plant.example"}});
    const api::UpgradeAnswer answer = handshake.upgrade({"GET", false, fields});
    if ((answer.status == 101) != (answer.filter != nullptr))
        fail("an upgrade without a filter, or the other way round");
    if (answer.status != 101 && answer.detail.empty()) fail("a refusal without a reason");
    for (const auto& [name, value] : answer.headers)
        if (value.find_first_of("\r\n") != std::string::npos) fail("a split field");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(input) + 1, size - 1);
    if (input[0] == 'H') {
        shake_hands(bytes);
        return 0;
    }
    const size_t piece = 1 + input[0] % 64;
    if (play(bytes, piece) != play(bytes, std::max<size_t>(bytes.size(), 1))) fail("it depends on the pieces");
    return 0;
}
