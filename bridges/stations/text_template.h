// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runnel::stations {

// A text with {names} for which values stand in; "{{" and "}}" are braces.
class TextTemplate {
public:
    struct Part {
        std::string text;
        bool is_name = false;
    };

    // Nothing if a brace stands alone, or a name is empty.
    static std::optional<TextTemplate> parse(std::string_view text);

    const std::vector<Part>& parts() const { return parts_; }
    // Nothing as soon as `value_of` has nothing.
    std::optional<std::string> fill(const std::function<const std::string*(std::string_view name)>& value_of) const;

private:
    std::vector<Part> parts_;
};

}  // namespace runnel::stations
