// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/loop.h"

#include <algorithm>
#include <array>
#include <span>

namespace runnel::simulation {

Loop::Loop(Network& network, Tap& tap, shard::Environment environment)
    : network_(network),
      tap_(tap),
      counters_(std::make_unique<Counters>()),
      authenticator_(environment.authenticator),
      self_(environment.self) {
    const uint32_t peers = environment.placement.peer_count;
    mail_.resize(peers);
    last_mail_.resize(peers);
    shard_ = std::make_unique<shard::Shard>(
        shard::Environment{environment.settings, environment.placement, environment.self, environment.random_seed,
                           environment.secrets, *counters_, environment.log, environment.authenticator,
                           environment.access},
        network.schedule.now());
    bridge_ = std::make_unique<Bridge>(*shard_, network.schedule);
}

void Loop::start(std::vector<Loop*> peers) {
    peers_ = std::move(peers);
    wake(network_.schedule.now());
}

void Loop::accept(Link& link, std::string bytes, bool loopback) {
    call([this, &link, bytes = std::move(bytes), loopback](shard::Shard& shard, Time now) {
        if (link.begins_with_http()) return open_stream(link);
        link.id = shard.connection_opened({"link " + std::to_string(link.tapped.link), loopback}, now);
        link.loop = this;
        link.reading = true;
        link.seen = 0;
        links_[link.id.slot] = &link;
        if (!bytes.empty())
            shard.bytes_received(link.id, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, now);
        if (link.has_input()) readable(link);
    });
}

void Loop::readable(Link& link) {
    if (std::find(readable_.begin(), readable_.end(), &link) == readable_.end()) readable_.push_back(&link);
    wake(network_.schedule.now());
}

void Loop::writable(Link& link) {
    writable_.push_back(&link);
    wake(network_.schedule.now());
}

void Loop::call(std::function<void(shard::Shard&, Time)> what) {
    calls_.push_back([this, what = std::move(what)] { what(*shard_, network_.schedule.now()); });
    wake(network_.schedule.now());
}

void Loop::mail_arrives(shard::PeerIndex from) {
    arrived_mail_.push_back(from);
    wake(network_.schedule.now());
}

// A loop that is busy comes a little later.
void Loop::wake(Time when) {
    if (when >= next_turn_) return;
    next_turn_ = when;
    network_.schedule.at(when + Duration{network_.chance.between(0, network_.scenario.turn_delay_ms)}, [this, when] {
        if (next_turn_ == when) turn();
    });
}

void Loop::turn() {
    next_turn_ = Time::never();
    take_mail();
    read_sockets();
    give([&] { shard_->time_advanced(network_.schedule.now()); });
    write_sockets();
    flush();
    give([&] { shard_->end_turn(network_.schedule.now()); });
    flush();
    carry_out_effects();
    go_on_with_streams();
    if (const auto deadline = shard_->next_deadline()) wake(std::max(*deadline, network_.schedule.now()));
}

void Loop::take_mail() {
    for (auto& call : std::exchange(calls_, {}))
        give(call);
    while (!arrived_mail_.empty()) {
        const shard::PeerIndex from = arrived_mail_.front();
        arrived_mail_.pop_front();
        shard::PeerMessages messages = std::move(mail_[from].front());
        mail_[from].pop_front();
        network_.trace.note(network_.schedule.now(), "mail", self_ * 64 + from, std::to_string(messages.size()));
        if (network_.trace.prints())
            network_.trace.line(network_.schedule.now(), "shard " + std::to_string(from) + " tells shard " +
                                                             std::to_string(self_) + " " +
                                                             std::to_string(messages.size()) + " messages");
        give([&] { shard_->peer_messages_received(from, std::move(messages), network_.schedule.now()); });
    }
}

void Loop::read_sockets() {
    std::vector<Link*> links = std::exchange(readable_, {});
    for (size_t i = links.size(); i > 1; --i)
        std::swap(links[i - 1], links[network_.chance.below(i)]);
    for (Link* link : links)
        if (link->loop == this) read_from(*link);
}

void Loop::read_from(Link& link) {
    if (link.session) return read_stream(link);
    const Time now = network_.schedule.now();
    if (!link.has_input()) return;
    const std::string bytes = link.reading ? link.read() : std::string();
    if (bytes.empty()) {
        // A loop that does not read learns of a closed socket all the same.
        if (!link.has_ended()) return;
        tap_.lost(link.tapped);
        return give([&] { shard_->connection_lost(link.id, now); });
    }
    if (link.filter) {
        read_filtered(link, bytes);
    } else {
        read_mqtt(link, bytes);
    }
    if (link.loop == this && link.has_input()) readable(link);
}

// A connection that has just ended is given its bytes all the same, and must not mind.
void Loop::read_mqtt(Link& link, std::string_view bytes) {
    if (!link.tapped.ended) tap_.bytes_received(link.tapped, bytes);
    give([&] {
        shard_->bytes_received(link.id, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()},
                               network_.schedule.now());
    });
}

void Loop::read_filtered(Link& link, std::string_view bytes) {
    std::string inside;
    const bool goes_on = link.filter->received(bytes, inside, link.outside);
    if (!inside.empty()) read_mqtt(link, inside);
    if (link.loop == this && !link.is_blocked()) write_to(link);
    if (goes_on || link.loop != this) return;
    tap_.lost(link.tapped);
    give([&] { shard_->connection_lost(link.id, network_.schedule.now()); });
}

void Loop::write_sockets() {
    for (Link* link : std::exchange(writable_, {})) {
        if (link->loop != this) continue;
        if (link->session) {
            go_on_with_stream(*link);
        } else {
            write_to(*link);
        }
    }
}

void Loop::flush() {
    while (true) {
        const std::vector<shard::ConnectionId> writes = shard_->take_writes();
        if (writes.empty()) break;
        for (const shard::ConnectionId id : writes)
            if (Link* link = find(id); link != nullptr && !link->is_blocked()) write_to(*link);
    }
    shard_->writes_done();
}

// Whether all of it could be written.
bool Loop::write_outside(Link& link) {
    const size_t size = link.write(link.outside);
    network_.trace.note(network_.schedule.now(), "write", link.tapped.link, {link.outside.data(), size});
    link.outside.erase(0, size);
    return link.outside.empty();
}

// As EventLoop does it: what the shard has given is out of its hands when it is in the form of the transport.
void Loop::write_filtered(Link& link) {
    std::array<std::string_view, 16> pieces;
    bool full = !write_outside(link);
    if (!full) give([&] { shard_->output_written(link.id, 0, false, network_.schedule.now()); });
    while (!full) {
        const size_t count = shard_->gather_output(link.id, pieces);
        if (count == 0) break;
        size_t wrapped = 0;
        for (size_t i = 0; i < count; ++i)
            wrapped += pieces[i].size();
        link.filter->wrap(std::span(pieces).first(count), link.outside);
        full = !write_outside(link);
        link.seen -= std::min(wrapped, link.seen);
        give([&] { shard_->output_written(link.id, wrapped, full, network_.schedule.now()); });
    }
}

void Loop::write_to(Link& link) {
    if (link.filter) return write_filtered(link);
    std::array<std::string_view, 16> pieces;
    const size_t count = shard_->gather_output(link.id, pieces);
    std::string bytes;
    for (size_t i = 0; i < count; ++i)
        bytes += pieces[i];
    const size_t size = link.write(bytes);
    network_.trace.note(network_.schedule.now(), "write", link.tapped.link, {bytes.data(), size});
    link.seen -= std::min(size, link.seen);
    give([&] { shard_->output_written(link.id, size, size < bytes.size(), network_.schedule.now()); });
    if (count == pieces.size() && size == bytes.size()) write_to(link);
}

size_t Loop::output_bytes(const Link& link) const {
    if (link.session) return link.session->waits() == api::StreamSession::Waits::ForUs ? 1 : 0;
    std::array<std::string_view, 4096> pieces;
    const size_t count = shard_->gather_output(link.id, pieces);
    size_t bytes = link.outside.size();
    for (size_t i = 0; i < count; ++i)
        bytes += pieces[i].size();
    return bytes;
}

void Loop::carry_out_effects() {
    shard::Effects& effects = shard_->effects();
    for (auto& hand_over : effects.hand_overs)
        carry_out(hand_over);
    for (const shard::ConnectionId id : effects.closes) {
        Link* link = find(id);
        if (link == nullptr) continue;
        if (link->filter) {
            link->filter->close(link->outside);
            write_outside(*link);
        }
        link->close_by_broker();
        detach(*link);
    }
    for (const auto& question : effects.questions)
        carry_out(question);
    for (const auto& wish : effects.readings) {
        Link* link = find(wish.connection);
        if (link == nullptr) continue;
        link->reading = wish.wanted;
        if (wish.wanted && link->has_input()) readable(*link);
    }
    tell_peers();
    bridge_->take_answers(effects);
    shard_->effects_done();
    closes_seen_ = 0;
}

void Loop::carry_out(shard::Effects::HandOver& hand_over) {
    Link* link = find(hand_over.connection);
    tap_.handed_over(link->tapped, hand_over.bytes);
    detach(*link);
    Loop* owner = peers_[hand_over.owner];
    const int64_t delay = network_.chance.between(0, network_.scenario.peer_delay_ms);
    network_.schedule.after(delay, [owner, link, bytes = hand_over.bytes] { owner->accept(*link, bytes); });
}

void Loop::carry_out(const shard::Effects::AskAuthenticator& question) {
    const int64_t delay = network_.chance.between(0, network_.scenario.login_delay_ms);
    network_.schedule.after(delay, [this, id = question.connection, credentials = question.credentials] {
        call([this, id, credentials](shard::Shard& shard, Time now) {
            shard.authentication_answered(id, authenticator_->check(credentials), now);
        });
    });
}

void Loop::tell_peers() {
    auto& tells = shard_->effects().tells;
    for (shard::PeerIndex to = 0; to < tells.size(); ++to) {
        if (tells[to].empty()) continue;
        Loop* peer = peers_[to];
        peer->mail_[self_].push_back(std::exchange(tells[to], {}));
        const int64_t delay = network_.chance.between(0, network_.scenario.peer_delay_ms);
        last_mail_[to] = std::max(last_mail_[to], network_.schedule.now() + Duration{delay});
        network_.schedule.at(last_mail_[to], [peer, from = self_] { peer->mail_arrives(from); });
    }
}

// First what ended, then who came in, then what the others were sent: what comes first explains what comes later.
void Loop::observe() {
    const auto& closes = shard_->effects().closes;
    for (; closes_seen_ < closes.size(); ++closes_seen_) {
        Link* link = find(closes[closes_seen_]);
        if (link == nullptr) continue;
        tap_.input_handled(link->tapped, shard_->unhandled_input(link->id));
        observe_output(*link);
        tap_.closed(link->tapped);
    }
    for (const auto& [slot, link] : links_)
        if (!link->tapped.ended) tap_.input_handled(link->tapped, shard_->unhandled_input(link->id));
    for (const auto& [slot, link] : links_)
        if (!link->tapped.answered) observe_output(*link);
    for (const auto& [slot, link] : links_)
        observe_output(*link);
}

void Loop::observe_output(Link& link) {
    std::array<std::string_view, 256> pieces;
    const size_t count = shard_->gather_output(link.id, pieces);
    size_t skipped = 0;
    for (size_t i = 0; i < count; ++i) {
        const size_t known = std::min(link.seen - skipped, pieces[i].size());
        skipped += known;
        const std::string_view fresh = pieces[i].substr(known);
        if (fresh.empty()) continue;
        tap_.bytes_made(link.tapped, fresh);
        link.seen += fresh.size();
        skipped += fresh.size();
    }
}

void Loop::detach(Link& link) {
    links_.erase(link.id.slot);
    link.loop = nullptr;
}

Link* Loop::find(shard::ConnectionId id) const {
    const auto at = links_.find(id.slot);
    return at == links_.end() || at->second->id != id ? nullptr : at->second;
}

}  // namespace runnel::simulation
