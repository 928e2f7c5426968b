// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "test/golden/any_packet.h"
#include "test/simulation/link.h"

namespace runnel::simulation {

class World;

// The client's end of a link: whole packets out and in.
class Endpoint : public LinkEnd {
public:
    explicit Endpoint(World& world) : world_(world) {}

    void bytes_arrived(std::string_view bytes) override;
    void closed_by_broker() override;

protected:
    // A packet of the broker, well-formed; its views are valid until this returns.
    virtual void handle(const test::AnyPacket& packet) = 0;
    // The link has gone, whoever ended it.
    virtual void link_ended() = 0;

    bool is_linked() const { return link_ != nullptr; }
    void open_link(mqtt::ProtocolVersion version, bool steady = false);
    void send(const test::AnyPacket& packet);
    // Close after what was sent; or at once; or leave it open and forget it.
    void finish_link();
    void cut_link();
    void abandon_link();

    World& world_;
    Link* link_ = nullptr;
    mqtt::ProtocolVersion version_ = mqtt::ProtocolVersion::V5;
    Time last_sent_;

private:
    Link* take_link();

    std::string input_;
};

}  // namespace runnel::simulation
