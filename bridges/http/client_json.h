// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/api/clients.h"

namespace runnel::http {

// {"items": [...], "next": "...", "total": 3}; without `next` on the last page.
std::string client_page_json(const api::ClientPage& page);
std::string subscription_page_json(const api::SubscriptionPage& page);
// One client, with more than stands in a page.
std::string client_json(const api::ClientStatus& client);

// A place as the text that `next` has and `after` takes; nothing if it is none.
std::string place_text(const api::SubscriptionPlace& place);
std::optional<api::SubscriptionPlace> read_place(std::string_view text);

}  // namespace runnel::http
