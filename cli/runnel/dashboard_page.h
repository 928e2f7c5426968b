// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bridges/http/page_routes.h"

namespace runnel::cli {

// The dashboard of this build, as HTTP serves it; without files if it was left out.
http::Page dashboard_page();

}  // namespace runnel::cli
