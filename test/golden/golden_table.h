// SPDX-License-Identifier: Apache-2.0
// Reads packets.txt, which describes itself.
#pragma once

#include <string>
#include <vector>

#include "broker/mqtt/types.h"

namespace runnel::test {

enum class GoldenKind : char { BothWays = '=', DecodeOnly = '>', Refused = '!' };

struct GoldenRow {
    std::string name;
    mqtt::ProtocolVersion version{};
    std::string bytes;
    GoldenKind kind{};
    std::string expected;  // The fields, or the refusal.
};

// A row with several versions becomes several rows. Throws std::runtime_error that names the line if one is not right.
std::vector<GoldenRow> read_golden_table(const std::string& path);

}  // namespace runnel::test
