// SPDX-License-Identifier: Apache-2.0
// write_websocket_corpus DIRECTORY: frames and handshakes as a client sends them, in the form that fuzz_websocket
// reads.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

enum Opcode : uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

// Masked with "abcd".
std::string frame(Opcode opcode, const std::string& payload, bool is_last = true) {
    std::string out(1, static_cast<char>((is_last ? 0x80 : 0) | opcode));
    if (payload.size() < 126) {
        out += static_cast<char>(0x80 | payload.size());
    } else {
        out += static_cast<char>(0x80 | 126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xff);
    }
    out += "abcd";
    for (size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ "abcd"[i % 4]);
    return out;
}

std::vector<std::string> inputs() {
    const std::string connect("\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00", 15);
    const std::string handshake =
        "HHost: broker\nUpgrade: websocket\nConnection: keep-alive, Upgrade\nSec-WebSocket-Key: "
        "AQIDBAUGBwgJCgsMDQ4PEA==\n"
        "Sec-WebSocket-Version: 13\nSec-WebSocket-Protocol: mqtt\nOrigin: https://plant.example\n";
    return {
        "\x07" + frame(Binary, connect) + frame(Binary, std::string(300, 'x')),
        "\x01" + frame(Binary, connect.substr(0, 3), false) + frame(Ping, "p") + frame(Continuation, connect.substr(3)),
        "\x3f" + frame(Ping, std::string(125, 'p')) + frame(Pong, "") +
            frame(Close, std::string("\x03\xe8"
                                     "bye",
                                     5)),
        "\x02" + frame(Text, "no MQTT"),
        "\x02" + frame(Close, ""),
        std::string("\x05\x82\xff\x00\x00\x00\x00\x7f\xff\xff\xff"
                    "abcd",
                    15),
        std::string("\x05\x82\x01x", 4),
        handshake,
        handshake + "Sec-WebSocket-Extensions: permessage-deflate\nCookie: runnel_session=0\n",
    };
}

void write_corpus(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    size_t number = 0;
    for (const std::string& input : inputs()) {
        const auto path = directory / std::to_string(++number);
        std::ofstream file(path, std::ios::binary);
        file << input;
        if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: write_websocket_corpus DIRECTORY\n");
        return 2;
    }
    try {
        write_corpus(argv[1]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "write_websocket_corpus: %s\n", error.what());
        return 1;
    }
    return 0;
}
