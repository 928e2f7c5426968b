// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/api/upgrade.h"

namespace runnel::websocket {

struct Settings {
    // Bytes that one frame may announce. Several packets may come in one.
    uint64_t frame_size_max = uint64_t{2} << 20;
    // Pages that may connect besides those of the same host: "https://plant.example"; "*" = all. What is no browser
    // sends no Origin, and is not asked.
    std::vector<std::string> origins;
};

// The opening handshake of RFC 6455 section 4.2, for MQTT.
class Handshake final : public api::UpgradeHandler {
public:
    explicit Handshake(Settings settings) : settings_(std::move(settings)) {}

    api::UpgradeAnswer upgrade(const api::UpgradeRequest& request) const override;

private:
    Settings settings_;
};

}  // namespace runnel::websocket
