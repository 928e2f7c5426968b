// SPDX-License-Identifier: Apache-2.0
#include "test/golden/round_trip.h"

#include "test/golden/packet_text.h"

namespace runnel::test {

namespace {

using namespace mqtt;

std::optional<std::string> broken_refusal(const Decoded& decoded) {
    if (!is_error(decoded.error.reason)) return "refused without an error";
    if (decoded.error.what == nullptr || *decoded.error.what == '\0') return "refused without a complaint";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> broken_promise(const Frame& frame, ProtocolVersion version) {
    const Decoded first = decode_any(frame, version);
    if (first.error) return broken_refusal(first);
    const std::string text = text_of(first.packet, version);
    const std::string bytes = encode_any(first.packet, version);
    Frame again;
    if (read_frame(span_of(bytes), kPacketSizeMax, again) != FrameState::Complete) return text + ": no frame again";
    if (again.size != bytes.size()) return text + ": the frame has another size";
    if (again.size > frame.size) return text + ": it grew";
    const Decoded second = decode_any(again, version);
    if (second.error) return text + ": refused when it came again: " + second.error.what;
    const std::string text_again = text_of(second.packet, version);
    if (text_again != text) return text + ": now it says " + text_again;
    return std::nullopt;
}

}  // namespace runnel::test
