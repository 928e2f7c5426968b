// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/endpoint.h"

#include <utility>

#include "test/simulation/world.h"

namespace runnel::simulation {

void Endpoint::open_link(mqtt::ProtocolVersion version, bool steady) {
    version_ = version;
    link_ = &world_.open_link(*this, steady);
}

void Endpoint::send(const test::AnyPacket& packet) {
    if (link_ == nullptr) return;
    last_sent_ = world_.schedule().now();
    link_->send(test::encode_any(packet, version_));
}

void Endpoint::bytes_arrived(std::string_view bytes) {
    input_ += bytes;
    while (!input_.empty()) {
        mqtt::Frame frame;
        const auto read = [&](const std::string& from) {
            return mqtt::read_frame({reinterpret_cast<const uint8_t*>(from.data()), from.size()}, mqtt::kPacketSizeMax,
                                    frame);
        };
        const mqtt::FrameState state = read(input_);
        if (state == mqtt::FrameState::Partial) return;
        if (state != mqtt::FrameState::Complete)
            return world_.complain("packets are well-formed", "a client cannot find the next packet");
        // Apart from input_, since whoever handles it may end the link.
        const std::string packet = input_.substr(0, frame.size);
        input_.erase(0, frame.size);
        read(packet);
        const test::Decoded decoded = test::decode_any(frame, version_);
        if (decoded.error) return world_.complain("packets are well-formed", decoded.error.what);
        handle(decoded.packet);
    }
}

Link* Endpoint::take_link() {
    input_.clear();
    return std::exchange(link_, nullptr);
}

void Endpoint::closed_by_broker() {
    take_link();
    link_ended();
}

void Endpoint::finish_link() {
    if (Link* link = take_link()) link->finish();
    link_ended();
}

void Endpoint::cut_link() {
    if (Link* link = take_link()) link->cut();
    link_ended();
}

void Endpoint::abandon_link() {
    if (Link* link = take_link()) link->abandon();
    link_ended();
}

}  // namespace runnel::simulation
