// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace runnel::http {

// Makes gzip (RFC 1952) of bytes that come in parts. What it holds back comes with a later part, or the end.
class GzipStream {
public:
    GzipStream();
    ~GzipStream();
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;

    // The next bytes of the result are appended to `out`.
    void write(std::string_view part, std::string& out);
    // Once, behind all parts.
    void end(std::string& out);

private:
    struct State;
    const std::unique_ptr<State> state_;
};

std::string gzipped(std::string_view bytes);

}  // namespace runnel::http
