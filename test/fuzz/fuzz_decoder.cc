// SPDX-License-Identifier: Apache-2.0
// Frames and every decoder against anything. The first byte of the input chooses the protocol version, the rest is a
// stream: packets are taken off its front until it ends or cannot be followed any more.
#include <cstdio>
#include <cstdlib>

#include "broker/mqtt/decoder.h"
#include "test/golden/round_trip.h"

namespace {

using namespace runnel::mqtt;

constexpr uint32_t kPacketSizeLimit = 65'536;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

// What read_frame promises, whatever it says.
void check_frame(FrameState state, const Frame& frame, std::span<const uint8_t> bytes) {
    switch (state) {
        case FrameState::Complete:
            if (frame.size > bytes.size() || frame.size > kPacketSizeLimit) fail("a frame larger than allowed");
            if (frame.body.size() >= frame.size) fail("a body larger than its frame");
            break;
        case FrameState::Partial:
            if (frame.size != 0 && frame.size <= bytes.size()) fail("partial, but all of it is there");
            if (frame.size == 0 && bytes.size() >= 5) fail("five bytes hold every fixed header");
            break;
        case FrameState::TooLarge:
            if (frame.size <= kPacketSizeLimit) fail("not too large");
            break;
        case FrameState::Malformed: break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
    if (size == 0) return 0;
    const auto version = static_cast<ProtocolVersion>(3 + input[0] % 3);
    std::span<const uint8_t> stream(input + 1, size - 1);
    for (Frame frame;;) {
        const FrameState state = read_frame(stream, kPacketSizeLimit, frame);
        check_frame(state, frame, stream);
        if (state != FrameState::Complete) return 0;
        if (const auto broken = runnel::test::broken_promise(frame, version)) fail(broken->c_str());
        stream = stream.subspan(frame.size);
    }
}
