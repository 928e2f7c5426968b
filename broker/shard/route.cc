// SPDX-License-Identifier: Apache-2.0
// From a publish to everybody who wants it: Sessions of this shard, groups that this shard owns, peers.
#include <algorithm>
#include <bit>

#include "broker/shard/forward_batch.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

// Returns whether anybody may want the message. A Retained Message must be known everywhere before its publisher is
// answered, else an older one on another shard could still win.
bool Shard::route(Incoming& incoming) {
    const FanOut& fan_out = fan_out_of(incoming.fields.topic);
    if (fan_out.history != nullptr) record_history(*fan_out.history, incoming);
    const bool matched = !fan_out.empty();
    const bool promises = incoming.fields.qos != mqtt::QoS::AtMostOnce;
    const routing::PeerMask interested = fan_out.peers;
    const routing::PeerMask storing = fan_out.storing;
    deliver_locally(fan_out, incoming);
    if (!incoming.fields.retain) {
        if (interested != 0) forward(incoming, interested, {});
        if (promises && storing != 0 && !is_kept_in_memory(incoming.fields.topic)) receipts_.needs_peers(storing);
        if (storing != 0) keep_until_stored(incoming);
        return matched;
    }
    const routing::RetainedStamp stamp = next_stamp(now_);
    store_retained(incoming, stamp);
    if (peer_count() == 1) return matched;
    // Every shard holds every Retained Message, so that a SUBSCRIBE finds them in the moment it takes effect.
    forward(incoming, everybody_else(), stamp);
    if (promises) receipts_.needs_peers(everybody_else());
    keep_until_stored(incoming);
    return matched;
}

void Shard::deliver_locally(const FanOut& fan_out, Incoming& incoming) {
    for (const Target& target : fan_out.targets) {
        if (target.no_local && target.slot == incoming.publisher) {
            if (const auto other = target_without_no_local(*target.slot, incoming.fields.topic))
                deliver(*other->slot, incoming, other->subscription_identifiers,
                        std::min(other->qos, incoming.fields.qos), other->retain_as_published && incoming.fields.retain,
                        {});
            continue;
        }
        deliver(*target.slot, incoming, target.subscription_identifiers, std::min(target.qos, incoming.fields.qos),
                target.retain_as_published && incoming.fields.retain, {});
    }
    for (const routing::GroupId group : fan_out.groups)
        dispatch(group, incoming, std::nullopt);
}

FanOut& Shard::fan_out_of(std::string_view topic) {
    FanOut& fan_out = fan_outs_.place_of(topic);
    if (fan_out.generation == generation_ && fan_out.topic == topic) return fan_out;
    const size_t targets_before = fan_out.targets.capacity();
    fan_out.topic = topic;
    fan_out.generation = generation_;
    fan_out.targets.clear();
    fan_out.groups.clear();
    matches_.clear();
    subscriptions_.match(topic, [&](const routing::Subscription& subscription) { matches_.push_back(subscription); });
    merge_targets(fan_out);
    shared_.match(topic, [&](routing::GroupId group) { fan_out.groups.push_back(group); });
    fan_out.peers = peer_interest_.empty() ? 0 : peer_interest_.peers_for(topic);
    fan_out.storing = peer_storing_.empty() ? 0 : peer_storing_.peers_for(topic);
    fan_out.history = recorder_ ? recorder_->rule_for(topic) : nullptr;
    fan_outs_.filled(fan_out, targets_before);
    return fan_out;
}

namespace {

// Subscriptions of one Session that all match, in the order they were made.
Target merged(SessionSlot* slot, const routing::Subscription* first, const routing::Subscription* last,
              bool with_no_local) {
    Target target;
    target.slot = slot;
    std::vector<uint32_t> identifiers;
    for (; first != last; ++first) {
        if (first->options.no_local && !with_no_local) continue;
        target.qos = std::max(target.qos, first->options.qos);
        target.retain_as_published |= first->options.retain_as_published;
        target.no_local |= first->options.no_local;
        if (first->subscription_identifier != 0) identifiers.push_back(first->subscription_identifier);
    }
    target.subscription_identifiers = session::SubscriptionIdentifiers(std::move(identifiers));
    return target;
}

}  // namespace

// One copy for a Session however many of its subscriptions match [MQTT-3.3.4-2]. What a broad filter would leak is left
// out here.
void Shard::merge_targets(FanOut& fan_out) {
    const auto order = [](const routing::Subscription& a, const routing::Subscription& b) {
        return a.subscriber != b.subscriber ? a.subscriber < b.subscriber : a.sequence < b.sequence;
    };
    if (matches_.size() > 1) std::sort(matches_.begin(), matches_.end(), order);
    const bool checks = environment_.access->checks_delivery();
    for (size_t begin = 0, end; begin < matches_.size(); begin = end) {
        for (end = begin + 1; end < matches_.size() && matches_[end].subscriber == matches_[begin].subscriber;)
            ++end;
        SessionSlot* slot = sessions_.find(matches_[begin].subscriber);
        RUNNEL_CHECK(slot != nullptr);
        if (checks && !environment_.access->may_receive(subject_of(*slot), fan_out.topic)) continue;
        fan_out.targets.push_back(merged(slot, matches_.data() + begin, matches_.data() + end, true));
    }
}

// The publisher has subscriptions with No Local on this topic: what do the others say [MQTT-3.8.3-3]?
std::optional<Target> Shard::target_without_no_local(SessionSlot& slot, std::string_view topic) {
    std::vector<routing::Subscription> own;
    bool any = false;
    subscriptions_.match(topic, [&](const routing::Subscription& subscription) {
        if (subscription.subscriber != slot.number) return;
        own.push_back(subscription);
        any |= !subscription.options.no_local;
    });
    if (!any) return std::nullopt;
    std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    return merged(&slot, own.data(), own.data() + own.size(), false);
}

void Shard::forward(Incoming& incoming, routing::PeerMask peers, routing::RetainedStamp stamp) {
    const mqtt::ApplicationMessage::Fields& fields = incoming.fields;
    const bool copies = !fields.retain && fields.payload.size() + fields.forwarded_properties.size() <= kForwardCopyMax;
    for (; peers != 0; peers &= peers - 1) {
        const auto peer = static_cast<PeerIndex>(std::countr_zero(peers));
        if (!copies) {
            tell(peer, MessageForwarded{incoming.shared(), stamp});
            continue;
        }
        PeerMessages& told = effects_.tells[peer];
        if (told.empty() || !std::holds_alternative<MessagesForwarded>(told.back()))
            told.emplace_back(MessagesForwarded{});
        append_forwarded(std::get<MessagesForwarded>(told.back()).batch, fields);
    }
}

// Later than every stamp that this shard has seen, and than every one that was acknowledged before.
routing::RetainedStamp Shard::next_stamp(Time now) {
    if (now.ms > last_stamp_.time_ms)
        last_stamp_ = {now.ms, 0, self()};
    else
        last_stamp_ = {last_stamp_.time_ms, last_stamp_.counter + 1, self()};
    return last_stamp_;
}

void Shard::store_retained(Incoming& incoming, routing::RetainedStamp stamp) {
    if (stamp > last_stamp_) last_stamp_ = {stamp.time_ms, stamp.counter, self()};
    const auto stored = retained_.store(incoming.shared(), stamp);
    if (stored == routing::RetainedMessages::Stored::Yes) store_retained_message(incoming);
    if (stored == routing::RetainedMessages::Stored::Full) {
        counters_.dropped_retained_full.add();
        if (may_log(now_))
            log_.warning("a Retained Message was not kept: retained.max_messages or retained.max_bytes is reached",
                         {{"topic", incoming.fields.topic}});
    }
    counters_.retained_messages.set(retained_.count());
    counters_.retained_bytes.set(retained_.bytes());
}

}  // namespace runnel::shard
