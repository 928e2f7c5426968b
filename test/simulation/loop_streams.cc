// SPDX-License-Identifier: Apache-2.0
// As the loop of the broker does it: what a session of HTTP says is written, and one that goes on as MQTT within a
// filter becomes a connection of the shard.
#include <algorithm>
#include <utility>

#include "test/simulation/loop.h"

namespace runnel::simulation {

void Loop::open_stream(Link& link) {
    link.loop = this;
    link.reading = true;
    link.session = bridge_->open("link " + std::to_string(link.tapped.link));
    link.session->on_late_output([this, &link] {
        if (std::find(awake_.begin(), awake_.end(), &link) == awake_.end()) awake_.push_back(&link);
    });
    if (link.has_input()) readable(link);
}

void Loop::read_stream(Link& link) {
    if (!link.has_input() || link.input_ended || !link.session->wants_input()) return;
    const std::string bytes = link.read();
    say(link, ">", bytes);
    give([&] {
        if (bytes.empty()) {
            link.input_ended = true;
            link.session->input_ended();
        } else {
            link.session->bytes_received(bytes);
        }
    });
    go_on_with_stream(link);
}

void Loop::say(const Link& link, const char* direction, std::string_view bytes) const {
    if (!network_.trace.prints()) return;
    std::string text(bytes);
    std::ranges::replace(text, '\r', ' ');
    std::ranges::replace(text, '\n', ' ');
    network_.trace.line(network_.schedule.now(), std::to_string(link.tapped.link) + " HTTP " + direction + " " + text);
}

// Who was waiting for the answers of this turn may publish more: the shard needs another turn for that.
void Loop::go_on_with_streams() {
    if (bridge_->has_answers()) {
        give([&] { bridge_->give_answers(); });
        wake(network_.schedule.now());
    }
    for (Link* link : std::exchange(awake_, {}))
        if (link->loop == this && link->session && !link->is_blocked()) go_on_with_stream(*link);
}

void Loop::go_on_with_stream(Link& link) {
    while (true) {
        std::string output;
        give([&] { output = link.session->output(); });
        if (output.empty()) break;
        const size_t size = link.write(output);
        network_.trace.note(network_.schedule.now(), "write", link.tapped.link, {output.data(), size});
        say(link, "<", {output.data(), size});
        link.session->output_written(size);
        if (size < output.size()) return;
    }
    wake(network_.schedule.now());  // For what was published.
    if (auto next = link.session->take_continuation(); next.filter) return stream_becomes_mqtt(link, std::move(next));
    if (link.session->is_ended()) return end_stream(link);
    if (link.has_input() && !link.input_ended && link.session->wants_input()) readable(link);
}

void Loop::stream_becomes_mqtt(Link& link, api::StreamSession::Continuation next) {
    link.session.reset();
    std::string inside;
    const bool goes_on = next.filter->received(next.rest, inside, link.outside);
    link.filter = std::move(next.filter);
    const std::string address = "link " + std::to_string(link.tapped.link);
    link.id =
        shard_->connection_opened({address, true, std::move(next.identity), next.transport}, network_.schedule.now());
    link.seen = 0;
    links_[link.id.slot] = &link;
    if (!inside.empty()) read_mqtt(link, inside);
    if (link.loop != this) return;
    if (!link.outside.empty()) write_to(link);
    if (!goes_on) {
        tap_.lost(link.tapped);
        return give([&] { shard_->connection_lost(link.id, network_.schedule.now()); });
    }
    if (link.has_input()) readable(link);
}

void Loop::end_stream(Link& link) {
    link.session.reset();
    link.close_by_broker();
    link.loop = nullptr;
}

}  // namespace runnel::simulation
