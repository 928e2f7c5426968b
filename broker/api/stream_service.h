// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/byte_filter.h"
#include "broker/api/client_transport.h"
#include "broker/api/identity.h"

namespace runnel::api {

// A protocol on one stream: bytes in, bytes out. Used by the thread that opened it; knows no socket and no clock.
class StreamSession {
public:
    virtual ~StreamSession() = default;

    virtual void bytes_received(std::string_view bytes) = 0;
    // The other side sends nothing more.
    virtual void input_ended() = 0;
    // What is to be sent. The view ends with the next call.
    virtual std::string_view output() = 0;
    virtual void output_written(size_t size) = 0;
    // Whether more input can be used now; otherwise the other side has to wait.
    virtual bool wants_input() const = 0;
    // Close when the output is written.
    virtual bool is_ended() const = 0;
    // Whose turn it is. The clock of the other side begins anew when this changes, and with every byte it takes.
    enum class Waits : uint8_t { ForNothing, ForRestOfInput, ForUs };
    virtual Waits waits() const = 0;
    // There is more to do at once: ask for the output again, after others have had their turn.
    virtual bool wants_turn() const = 0;
    // The other side has been given its time. It may still be told so.
    virtual void time_is_up() = 0;

    // Once the stream goes on as MQTT within a filter. The output comes first, as it is.
    struct Continuation {
        std::unique_ptr<ByteFilter> filter;  // Null until then.
        std::string rest;                    // What was received behind the request; given to the filter even if empty.
        std::optional<Identity> identity;    // Who it is, if that has been shown.
        ClientTransport transport = ClientTransport::Http;
    };
    virtual Continuation take_continuation() = 0;
    // Called when there is output that came between two calls: an answer that was waited for.
    virtual void on_late_output(std::function<void()> wake) = 0;
};

// Who is on the other side.
struct StreamOrigin {
    std::string address;    // "192.0.2.7:51234", or "unix".
    bool loopback = false;  // On this machine.
};

class StreamService {
public:
    virtual ~StreamService() = default;
    virtual std::unique_ptr<StreamSession> open(const StreamOrigin& origin) = 0;
};

}  // namespace runnel::api
