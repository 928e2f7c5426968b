// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "bridges/http/routes.h"

namespace runnel::http {

// A file of the web page. Its bytes live as long as the program.
struct PageFile {
    std::string_view path;          // "/", "/assets/index-1a2b3c4d.js".
    std::string_view content_type;  // Value of Content-Type.
    std::string_view entity_tag;    // Value of ETag, with its quotes.
    std::string_view bytes;
    std::string_view bytes_gzip;  // The same with Content-Encoding: gzip; empty where that gains nothing.
    bool is_immutable = false;    // Its path names its content, which may be kept for ever.
};

struct Page {
    std::vector<PageFile> files;
    std::string_view content_security_policy;
};

// Each file at its path, for everybody: who may see what is decided where the page asks for it. A page without files
// is a text at "/" with the paths that `routes`, which is not moved afterwards, has.
void add_page_routes(Routes& routes, const Page& page);

}  // namespace runnel::http
