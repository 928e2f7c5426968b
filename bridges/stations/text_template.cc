// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/text_template.h"

#include <utility>

namespace runnel::stations {

std::optional<TextTemplate> TextTemplate::parse(std::string_view text) {
    TextTemplate made;
    std::string plain;
    for (size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool is_brace = c == '{' || c == '}';
        if (is_brace && at + 1 < text.size() && text[at + 1] == c)
            ++at;
        else if (c == '}')
            return std::nullopt;
        else if (c == '{') {
            const size_t end = text.find('}', at);
            if (end == std::string_view::npos || end == at + 1) return std::nullopt;
            const std::string_view name = text.substr(at + 1, end - at - 1);
            if (name.find('{') != std::string_view::npos) return std::nullopt;
            if (!plain.empty()) made.parts_.push_back({std::exchange(plain, {}), false});
            made.parts_.push_back({std::string(name), true});
            at = end;
            continue;
        }
        plain += c;
    }
    if (!plain.empty()) made.parts_.push_back({std::move(plain), false});
    return made;
}

std::optional<std::string> TextTemplate::fill(
    const std::function<const std::string*(std::string_view name)>& value_of) const {
    std::string text;
    for (const Part& part : parts_) {
        const std::string* value = part.is_name ? value_of(part.text) : &part.text;
        if (value == nullptr) return std::nullopt;
        text += *value;
    }
    return text;
}

}  // namespace runnel::stations
