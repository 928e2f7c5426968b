// SPDX-License-Identifier: Apache-2.0
#include "bridges/dashboard/assets.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace runnel::dashboard {
namespace {

TEST_CASE("every asset is found by its path, and nothing else is") {
    for (const Asset& asset : assets())
        CHECK(find_asset(asset.path) == &asset);
    for (const char* path : {"", "//", "/index.html", "/assets", "/assets/", "/../theme.js", "/theme.js ", "~"})
        CHECK(find_asset(path) == nullptr);
}

TEST_CASE("the page is there, whole and compressed, unless it was left out") {
    const Asset* page = find_asset("/");
    if (assets().empty()) {
        CHECK(page == nullptr);
        return;
    }
    REQUIRE(page != nullptr);
    CHECK(page->content_type == "text/html; charset=utf-8");
    CHECK(page->bytes.starts_with("<!doctype html>"));
    CHECK_FALSE(page->is_immutable);
    size_t size = 0;
    for (const Asset& asset : assets()) {
        CHECK(asset.entity_tag.size() > 4);
        CHECK(asset.entity_tag.front() == '"');
        CHECK(asset.is_immutable == asset.path.starts_with("/assets/"));
        if (!asset.bytes_gzip.empty()) CHECK(asset.bytes_gzip.starts_with("\x1f\x8b"));
        size += asset.bytes_gzip.empty() ? asset.bytes.size() : asset.bytes_gzip.size();
    }
    CHECK(size < 200 * 1024);
}

TEST_CASE("the page names only what is there") {
    const Asset* page = find_asset("/");
    if (page == nullptr) return;
    const std::string_view text = page->bytes;
    size_t count = 0;
    for (std::string_view attribute : {"src=\"", "href=\""}) {
        for (size_t at = text.find(attribute); at != text.npos; at = text.find(attribute, at + 1)) {
            const size_t begin = at + attribute.size();
            const std::string path(text.substr(begin, text.find('"', begin) - begin));
            CHECK_MESSAGE(find_asset(path) != nullptr, path);
            ++count;
        }
    }
    CHECK(count >= 3);
}

TEST_CASE("nothing is inline, and the policy allows nothing inline") {
    CHECK(content_security_policy().find("default-src 'none'") != std::string_view::npos);
    CHECK(content_security_policy().find("; script-src 'self'; ") != std::string_view::npos);
    CHECK(content_security_policy().find_first_of("\\\r\n") == std::string_view::npos);
    CHECK(content_security_policy().find("unsafe") == std::string_view::npos);
    const Asset* page = find_asset("/");
    if (page == nullptr) return;
    CHECK(page->bytes.find("<style") == std::string_view::npos);
    CHECK(page->bytes.find(" style=") == std::string_view::npos);
    CHECK(page->bytes.find("<script>") == std::string_view::npos);
}

}  // namespace
}  // namespace runnel::dashboard
