// SPDX-License-Identifier: Apache-2.0
#include "cli/runnel/dashboard_page.h"

#include "bridges/dashboard/assets.h"

namespace runnel::cli {

http::Page dashboard_page() {
    http::Page page;
    page.content_security_policy = dashboard::content_security_policy();
    for (const dashboard::Asset& asset : dashboard::assets()) {
        page.files.push_back(
            {asset.path, asset.content_type, asset.entity_tag, asset.bytes, asset.bytes_gzip, asset.is_immutable});
    }
    return page;
}

}  // namespace runnel::cli
