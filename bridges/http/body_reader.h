// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace runnel::http {

// Takes the body of a request as it comes. Called by the thread of the connection.
class BodyReader {
public:
    virtual ~BodyReader() = default;
    virtual void body_received(std::string_view bytes) = 0;
    // All of it has come.
    virtual void body_ended() = 0;
    // Whether more can be taken now; otherwise the client has to wait, until Exchange::go_on_reading().
    virtual bool wants_more() const = 0;
};

}  // namespace runnel::http
