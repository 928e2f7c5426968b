// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/level_texts.h"

namespace runnel::routing {

uint32_t LevelTexts::add(std::string_view text, uint64_t hash) {
    const uint32_t table_hash = index_hash(hash);
    uint32_t number = table_.find(table_hash, [&](uint32_t candidate) { return (*this)[candidate] == text; });
    if (number == kNone) {
        number = texts_.take();
        LevelText& added = texts_[number];
        added.hash = table_hash;
        added.text = CompactText(text);
        heap_bytes_ += added.text.heap_bytes();
        table_.insert(table_hash, number);
    }
    ++texts_[number].references;
    return number;
}

void LevelTexts::release(uint32_t number) {
    LevelText& text = texts_[number];
    RUNNEL_CHECK(text.references != 0);
    if (--text.references != 0) return;
    heap_bytes_ -= text.text.heap_bytes();
    table_.erase(text.hash, number);
    texts_.give_back(number);
}

}  // namespace runnel::routing
