// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace runnel::dashboard {

// A file of the web page, inside the binary.
struct Asset {
    std::string_view path;          // As in a request: "/", "/assets/index-1a2b3c4d.js".
    std::string_view content_type;  // Value of Content-Type.
    std::string_view entity_tag;    // Value of ETag, with its quotes; made of the content.
    std::string_view bytes;
    std::string_view bytes_gzip;  // The same with Content-Encoding: gzip; empty where that gains nothing.
    bool is_immutable =
        false;  // Its path names its content: it may be cached for ever, everything else asked for again.
};

// All of them, in the order of their paths. None if the build was made without the dashboard.
std::span<const Asset> assets();

// The asset of a path (no query, nothing encoded), or nothing.
const Asset* find_asset(std::string_view path);

// Value of Content-Security-Policy for every asset. The page works under it, and should not be served without.
std::string_view content_security_policy();

}  // namespace runnel::dashboard
