// SPDX-License-Identifier: Apache-2.0
#include "test/golden/conversation.h"

#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <sstream>

#include "test/golden/conversation_stage.h"
#include "test/golden/packet_text.h"
#include "test/golden/round_trip.h"

namespace runnel::test {
namespace {

using shard::Settings;

constexpr std::string_view kBytes = "bytes ";

uint64_t number_of(const std::string& text) {
    uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// "30 0a" and so on; nothing if it is not like that.
std::optional<std::string> bytes_of_digits(const std::string& text) {
    std::istringstream words(text);
    std::string bytes;
    for (std::string word; words >> word;) {
        unsigned byte = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), byte, 16);
        if (word.size() != 2 || error != std::errc{} || end != word.data() + 2) return std::nullopt;
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

// The settings that a dialogue may name.
const std::map<std::string, std::function<void(Settings&, const std::string&)>>& settings_by_name() {
    const auto number = [](auto Settings::*member) {
        return [member](Settings& settings, const std::string& value) {
            settings.*member = static_cast<std::remove_reference_t<decltype(settings.*member)>>(number_of(value));
        };
    };
    static const std::map<std::string, std::function<void(Settings&, const std::string&)>> by_name{
        {"receive_maximum", number(&Settings::receive_maximum)},
        {"max_inflight", number(&Settings::max_inflight)},
        {"topic_alias_maximum", number(&Settings::topic_alias_maximum)},
        {"max_expiry_seconds", number(&Settings::max_expiry_seconds)},
        {"max_keep_alive", number(&Settings::max_keep_alive)},
        {"max_packet_size", number(&Settings::max_packet_size)},
        {"max_qos", number(&Settings::max_qos)},
        {"max_queued_messages", number(&Settings::max_queued_messages)},
        {"server_keep_alive", number(&Settings::server_keep_alive)},
        {"when_full",
         [](Settings& settings, const std::string& value) {
             settings.when_full = value == "disconnect"    ? shard::WhenFull::Disconnect
                                  : value == "drop-newest" ? shard::WhenFull::DropNewest
                                                           : shard::WhenFull::DropOldest;
         }},
    };
    return by_name;
}

class Play {
public:
    void line(const std::string& text);
    void end() { check_all_read("the end"); }
    std::vector<std::string> differences;

private:
    void set_up(std::istringstream& words);
    void send(const std::string& name, const std::string& packet);
    std::optional<std::string> bytes_of(const std::string& name, const std::string& packet);
    void expect(const std::string& name, std::string packet);
    std::string next_packet(const std::string& name);
    void check_all_read(const std::string& before);
    void differ(const std::string& what) { differences.push_back("line " + std::to_string(line_) + ": " + what); }
    void differ_in_packet(const std::string& name, const std::string& expected, const std::string& got) {
        differ(name + " was to get " + expected + "\n    but got " + (got.empty() ? "nothing" : got));
    }
    ConversationStage& stage() {
        if (!stage_) stage_ = std::make_unique<ConversationStage>(Settings{}, 1);
        return *stage_;
    }

    size_t line_ = 0;
    std::unique_ptr<ConversationStage> stage_;
    std::map<std::string, mqtt::ProtocolVersion> versions_;
};

void Play::line(const std::string& text) {
    ++line_;
    if (text.empty() || text.starts_with("#")) return;
    std::istringstream words(text);
    std::string name, verb, rest;
    words >> name;
    if (name == "broker") return set_up(words);
    words >> verb >> std::ws;
    std::getline(words, rest);
    if (name == "wait") {
        check_all_read("waiting");
        return stage().wait(Duration{static_cast<int64_t>(number_of(verb))});
    }
    if (verb == ">") return send(name, rest);
    if (verb == "<") return expect(name, rest);
    if (verb == "is" && rest == "closed") {
        if (stage().is_open(name)) differ("the connection of " + name + " is open");
        return;
    }
    if (verb != "is" || rest != "cut") return differ("not understood: " + text);
    check_all_read(name + " is cut");
    if (!stage().is_open(name)) return differ("the connection of " + name + " is closed already");
    stage().cut(name);
}

void Play::set_up(std::istringstream& words) {
    Settings settings;
    uint32_t shards = 1;
    for (std::string word; words >> word;) {
        const std::string key = word.substr(0, word.find('='));
        const std::string value = word.substr(std::min(word.size(), key.size() + 1));
        const auto at = settings_by_name().find(key);
        if (key == "shards")
            shards = static_cast<uint32_t>(number_of(value));
        else if (at != settings_by_name().end())
            at->second(settings, value);
        else
            differ("no such setting: " + key);
    }
    stage_ = std::make_unique<ConversationStage>(settings, shards);
}

void Play::send(const std::string& name, const std::string& text) {
    check_all_read(name + " sends");
    const bool connects = text.starts_with("CONNECT ") || text.starts_with(kBytes);
    if (!stage().is_open(name)) {
        if (!connects) return differ("the connection of " + name + " is closed");
        stage().open(name);
        versions_.try_emplace(name, mqtt::ProtocolVersion::V311);  // Until a CONNECT says otherwise.
    }
    if (const auto bytes = bytes_of(name, text)) stage().send(name, *bytes);
}

// A packet, or bytes that are none. Nothing, with a complaint, if the text means neither.
std::optional<std::string> Play::bytes_of(const std::string& name, const std::string& text) {
    if (text.starts_with(kBytes)) {
        auto bytes = bytes_of_digits(text.substr(kBytes.size()));
        if (!bytes) differ("not two digits each: " + text);
        return bytes;
    }
    PacketStorage storage;
    std::string complaint;
    const auto packet = packet_of(text, versions_[name], storage, complaint);
    if (!packet) {
        differ(complaint);
        return std::nullopt;
    }
    if (const auto* connect = std::get_if<mqtt::Connect>(&*packet)) versions_[name] = connect->version;
    return encode_any(*packet, versions_[name]);
}

// Empty if there is none.
std::string Play::next_packet(const std::string& name) {
    std::string& received = stage().received(name);
    mqtt::Frame frame;
    if (mqtt::read_frame(span_of(received), mqtt::kPacketSizeMax, frame) != mqtt::FrameState::Complete) return {};
    const Decoded decoded = decode_any(frame, versions_[name]);
    std::string text = decoded.error ? decoded.error.what : text_of(decoded.packet, versions_[name]);
    received.erase(0, frame.size);
    return text;
}

void Play::expect(const std::string& name, std::string expected) {
    constexpr std::string_view kMore = " ...";
    const std::string got = next_packet(name);
    const bool with_more = expected.ends_with(kMore);
    if (!with_more) {
        if (got != expected) differ_in_packet(name, expected, got);
        return;
    }
    expected.resize(expected.size() - kMore.size());
    // Every word in its order; others may stand between them.
    std::istringstream wanted(expected), words(got);
    std::string word, other;
    while (wanted >> word) {
        bool found = false;
        while (!found && words >> other)
            found = word == other;
        if (!found) return differ_in_packet(name, expected + " ...", got);
    }
}

void Play::check_all_read(const std::string& before) {
    for (const auto& [name, version] : versions_)
        for (std::string extra; !(extra = next_packet(name)).empty();)
            differ_in_packet(name, "nothing more before " + before, extra);
}

}  // namespace

std::vector<std::string> play_conversation(const std::string& text) {
    Play play;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        play.line(line);
    play.end();
    return play.differences;
}

}  // namespace runnel::test
