// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/property_arguments.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>

#include "cli/runnelctl/property_set.h"

namespace runnel::ctl {

std::vector<std::string> join_property_arguments(const std::vector<std::string>& arguments) {
    if (arguments.empty() || (arguments[0] != "pub" && arguments[0] != "sub")) return arguments;
    std::vector<std::string> joined;
    for (size_t at = 0; at < arguments.size();) {
        const bool is_option = arguments[at] == "-D" || arguments[at] == "--property";
        joined.push_back(arguments[at++]);
        // Where another option follows, this is not one but the value of one: `-m -D -t topic`.
        if (!is_option || at == arguments.size() || arguments[at].starts_with('-')) continue;
        const std::span rest = std::span(arguments).subspan(at);
        const size_t count = std::min(rest.size(), property_word_count(rest));
        std::string words;
        for (const std::string& word : rest.first(count))
            words += std::to_string(word.size()) + ":" + word;
        joined.push_back(std::move(words));
        at += count;
    }
    return joined;
}

std::vector<std::string> split_property_argument(const std::string& argument) {
    std::vector<std::string> words;
    std::string_view rest = argument;
    while (!rest.empty()) {
        size_t size = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
        rest.remove_prefix(static_cast<size_t>(end - rest.data()));
        if (error != std::errc{} || rest.empty() || rest.front() != ':' || rest.size() - 1 < size) return {};
        words.emplace_back(rest.substr(1, size));
        rest.remove_prefix(1 + size);
    }
    return words;
}

}  // namespace runnel::ctl
