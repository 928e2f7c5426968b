// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace runnel::api {

// Lies between a transport and MQTT, as WebSocket does. Bytes in, bytes out; knows no socket and no clock. Belongs to
// one connection and goes with it from loop to loop. "Inside" is MQTT, "outside" what the transport carries.
class ByteFilter {
public:
    virtual ~ByteFilter() = default;

    // Bytes of the transport. What they carry is appended to `inside`, and to `outside` what they have to be answered
    // at once: a few bytes for each byte received. False: nothing more will come; the connection ends when `outside` is
    // sent.
    virtual bool received(std::string_view bytes, std::string& inside, std::string& outside) = 0;
    // MQTT for the client, appended to `outside` in the form of the transport.
    virtual void wrap(std::span<const std::string_view> inside, std::string& outside) = 0;
    // Whether the client has got all that it wants: the connection ends when what is in `outside` is sent.
    virtual bool is_finished() const { return false; }
    // From time to time, if nothing waits to be sent: what the transport has to show that it is in use is appended to
    // `outside`. What lies between, a proxy for instance, ends connections that are silent.
    virtual void show_life(std::string& outside) { (void)outside; }
    // The broker ends the connection: what the transport has for that is appended to `outside`.
    virtual void close(std::string& outside) = 0;
};

}  // namespace runnel::api
