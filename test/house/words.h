// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace runnel::house {

enum class NameKind : uint8_t { File, Type, Function };

// Whether a name holds a word that explains nothing. CONTRIBUTING.md lists the words.
bool is_banned_name(std::string_view name, NameKind kind);

// Where the text holds this whole word, or npos.
size_t find_word(std::string_view text, std::string_view word);

// Whether a comment reads like code that somebody switched off.
bool is_commented_out_code(const std::string& comment);

}  // namespace runnel::house
