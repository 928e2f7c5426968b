// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace runnel::shard {

// Aliases that a client has set (section 3.3.2.3.4). End with the connection [MQTT-3.3.2-7].
class InboundAliases {
public:
    // False if the topics of this client would take more than `bytes_max` together.
    bool set(uint16_t alias, std::string_view topic, size_t bytes_max) {
        if (topics_.size() < alias) topics_.resize(alias);
        std::string& held = topics_[alias - 1u];
        if (bytes_ - held.size() + topic.size() > bytes_max) return false;
        bytes_ += topic.size() - held.size();
        held = topic;
        return true;
    }
    // Empty if the alias was never set.
    std::string_view find(uint16_t alias) const {
        return alias <= topics_.size() ? std::string_view(topics_[alias - 1u]) : std::string_view();
    }

private:
    std::vector<std::string> topics_;
    size_t bytes_ = 0;
};

// Aliases that the broker uses towards a client that allows them. The first topics get one and keep it.
class OutboundAliases {
public:
    explicit OutboundAliases(uint16_t maximum) : maximum_(maximum) {}

    struct Use {
        uint16_t alias = 0;  // 0 = none.
        bool known = false;  // The client has it: the topic may be left out.
    };
    // What to do for this topic; does not change anything.
    Use find(std::string_view topic) const {
        if (topic.size() < kTopicSizeMin) return {};
        if (const auto at = aliases_.find(topic); at != aliases_.end()) return {at->second, true};
        if (aliases_.size() >= maximum_ || bytes_ + topic.size() > kBytesMax) return {};
        return {static_cast<uint16_t>(aliases_.size() + 1), false};
    }
    // The packet that sets the alias is on its way.
    void set(std::string_view topic, uint16_t alias) {
        bytes_ += topic.size();
        aliases_.emplace(topic, alias);
    }

private:
    // The alias property takes three bytes.
    static constexpr size_t kTopicSizeMin = 4;
    static constexpr size_t kBytesMax = 65'536;

    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::unordered_map<std::string, uint16_t, Hash, std::equal_to<>> aliases_;
    size_t bytes_ = 0;
    uint16_t maximum_;
};

}  // namespace runnel::shard
