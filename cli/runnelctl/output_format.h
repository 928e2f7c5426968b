// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/result.h"
#include "broker/mqtt/packets.h"

namespace runnel::ctl {

// A format string, read once. Made of literal text, % for the message, @ for the time and \ for special characters.
class OutputFormat {
public:
    // The error is a sentence for the user.
    static Result<OutputFormat, std::string> parse(std::string_view text);

    // Without effect and false if the format holds %J and the payload is not JSON.
    bool append(std::string& out, const mqtt::Publish& message, const timespec& received_at) const;

private:
    struct Piece {
        enum class Kind { Literal, Message, Clock };
        Kind kind = Kind::Literal;
        std::string literal;
        char letter = 0;
        bool zero_padded = false;
        bool left_aligned = false;
        size_t width_min = 0;
        size_t width_max = std::string::npos;
    };
    class Parser;

    OutputFormat() = default;
    static bool append_piece(std::string& out, const Piece& piece, const mqtt::Publish& message,
                             const timespec& received_at);

    std::vector<Piece> pieces_;
};

}  // namespace runnel::ctl
