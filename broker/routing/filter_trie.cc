// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/filter_trie.h"

#include <algorithm>
#include <array>

#include "broker/base/check.h"
#include "broker/base/hash.h"
#include "broker/mqtt/topic.h"

namespace runnel::routing {

namespace {

// `below`: the filter ended with #, which is taken off. What is left of "#" alone has no levels.
struct Path {
    explicit Path(std::string_view filter) : below(filter.ends_with('#')), is_root(filter == "#") {
        levels = below && !is_root ? filter.substr(0, filter.size() - 2) : filter;
    }
    std::string_view levels;
    bool below;
    bool is_root;
};

}  // namespace

FilterTrie::FilterTrie(uint64_t hash_seed) : hash_seed_(hash_seed) {
    RUNNEL_CHECK(nodes_.take() == kRoot);
}

FilterTrie::Place FilterTrie::add(std::string_view filter) {
    const Path path(filter);
    uint32_t node = kRoot;
    if (path.is_root) return {node, true};
    mqtt::Levels levels(path.levels);
    while (const auto level = levels.next())
        node = add_child(node, *level);
    return {node, path.below};
}

uint32_t FilterTrie::add_child(uint32_t parent, std::string_view level) {
    const uint64_t level_hash = hash_bytes(level, hash_seed_);
    uint32_t child = find_child(parent, level, level_hash);
    if (child != kNone) return child;
    child = nodes_.take();
    nodes_[child].parent = parent;
    if (level == "+") {
        nodes_[parent].plus = child;
        return child;
    }
    nodes_[child].text = texts_.add(level, level_hash);
    children_.insert(child_hash(parent, level_hash), child);
    ++nodes_[parent].children;
    return child;
}

std::optional<FilterTrie::Place> FilterTrie::find(std::string_view filter) const {
    const Path path(filter);
    uint32_t node = kRoot;
    if (path.is_root) return Place{node, true};
    mqtt::Levels levels(path.levels);
    while (const auto level = levels.next()) {
        node = find_child(node, *level, hash_bytes(*level, hash_seed_));
        if (node == kNone) return std::nullopt;
    }
    return Place{node, path.below};
}

uint32_t FilterTrie::find_child(uint32_t parent, std::string_view level, uint64_t level_hash) const {
    return level == "+" ? nodes_[parent].plus : find_literal_child(parent, level, child_hash(parent, level_hash));
}

uint32_t FilterTrie::find_literal_child(uint32_t parent, std::string_view level, uint32_t hash) const {
    return children_.find(hash, [&](uint32_t candidate) {
        return nodes_[candidate].parent == parent && texts_[nodes_[candidate].text] == level;
    });
}

void FilterTrie::remove_nodes_if_unused(uint32_t number) {
    while (number != kRoot) {
        const Node node = nodes_[number];
        if (node.first_here != kNone || node.first_below != kNone || node.plus != kNone || node.children != 0) return;
        if (node.text == kNone) {
            nodes_[node.parent].plus = kNone;
        } else {
            children_.erase(child_hash(node.parent, hash_bytes(texts_[node.text], hash_seed_)), number);
            texts_.release(node.text);
            --nodes_[node.parent].children;
        }
        nodes_.give_back(number);
        number = node.parent;
    }
}

std::string_view FilterTrie::text_of(uint32_t node) const {
    return nodes_[node].text == kNone ? std::string_view("+") : texts_[nodes_[node].text];
}

// From the end, as nodes know their parents.
void FilterTrie::write_text(Place place, std::string& text) const {
    size_t at = place.below ? 2 : 0;
    for (uint32_t node = place.node; node != kRoot; node = nodes_[node].parent)
        at += text_of(node).size() + 1;
    text.assign(at, '/');
    if (place.below) {
        text.back() = '#';
        at -= 2;
    }
    for (uint32_t node = place.node; node != kRoot; node = nodes_[node].parent) {
        const std::string_view level = text_of(node);
        at -= level.size();
        text.replace(at, level.size(), level);
        --at;
    }
    text.erase(0, 1);
}

void FilterTrie::match(std::string_view topic, std::vector<uint32_t>& matched) const {
    frontier_.assign(1, kRoot);
    bool wildcards_match = !topic.starts_with('$');  // [MQTT-4.7.2-1]
    mqtt::Levels levels(topic);
    while (!frontier_.empty()) {
        const auto level = levels.next();
        if (!level) break;
        step(*level, wildcards_match, matched);
        wildcards_match = true;
    }
    for (size_t i = 0; i < frontier_.size(); ++i) {
        if (i + 8 < frontier_.size()) nodes_.prefetch(frontier_[i + 8]);
        const Node& node = nodes_[frontier_[i]];
        if (node.first_here != kNone) matched.push_back(node.first_here);
        if (node.first_below != kNone) matched.push_back(node.first_below);  // "a/#" matches "a".
    }
}

// Moves the frontier one level down, some nodes at a time: what they need is asked of memory for all of them first.
void FilterTrie::step(std::string_view level, bool wildcards_match, std::vector<uint32_t>& matched) const {
    const uint64_t level_hash = hash_bytes(level, hash_seed_);
    next_frontier_.clear();
    constexpr size_t kBlock = 16;
    std::array<uint32_t, kBlock> hashes;
    for (size_t begin = 0; begin < frontier_.size(); begin += kBlock) {
        const size_t end = std::min(begin + kBlock, frontier_.size());
        for (size_t i = begin; i < end; ++i) {
            nodes_.prefetch(frontier_[i]);
            hashes[i - begin] = child_hash(frontier_[i], level_hash);
            children_.prefetch(hashes[i - begin]);
        }
        for (size_t i = begin; i < end; ++i) {
            const Node& node = nodes_[frontier_[i]];
            if (wildcards_match && node.first_below != kNone) matched.push_back(node.first_below);
            if (wildcards_match && node.plus != kNone) next_frontier_.push_back(node.plus);
            if (node.children == 0) continue;
            const uint32_t child = find_literal_child(frontier_[i], level, hashes[i - begin]);
            if (child != kNone) next_frontier_.push_back(child);
        }
    }
    frontier_.swap(next_frontier_);
}

size_t FilterTrie::memory_bytes() const {
    return nodes_.memory_bytes() + children_.memory_bytes() + texts_.memory_bytes() +
           (frontier_.capacity() + next_frontier_.capacity()) * sizeof(uint32_t);
}

}  // namespace runnel::routing
