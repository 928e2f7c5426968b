// SPDX-License-Identifier: Apache-2.0
// Every topic and its last message, as the Topics page shows them.
import { signal } from '@preact/signals'
import type { Message } from '../model/message'
import { TopicTree } from '../model/topic_tree'
import { MqttLink, type Filter } from './mqtt_link'
import { Painter } from './painting'

// Ten paints a second can be read, and leave the browser time for everything else.
const kPaintMs = 100

export const tree = new TopicTree()
export const treePainter = new Painter(kPaintMs)
export const withSystemTopics = signal(false)
export const treePaused = signal(false)
export const topicLink = signal<MqttLink | null>(null)

type Listener = (message: Message) => void
const messageListeners = new Map<string, Set<Listener>>()
const subscribedListeners = new Set<() => void>()

export function openTopicFeed(): void {
  if (topicLink.value !== null) return
  const link = new MqttLink({
    message: received,
    subscribed: () => subscribedListeners.forEach((listener) => listener())
  })
  topicLink.value = link
  void link.subscribe(filters())
}

export function closeTopicFeed(): void {
  topicLink.value?.close()
  topicLink.value = null
}

export function showSystemTopics(shown: boolean): void {
  withSystemTopics.value = shown
  void topicLink.value?.subscribe(filters())
}

export function pauseTree(paused: boolean): void {
  treePaused.value = paused
  if (!paused) treePainter.now()
}

// Nothing of a session is left for the next one.
export function forgetTopics(): void {
  closeTopicFeed()
  tree.clear()
  treePainter.now()
}

// Calls back for each message of one topic. Returns what ends it.
export function listen(topic: string, listener: Listener): () => void {
  const listeners = messageListeners.get(topic) ?? new Set()
  messageListeners.set(topic, listeners.add(listener))
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) messageListeners.delete(topic)
  }
}

// Calls back whenever the subscription has begun anew: what came between is in the history only.
export function onSubscribed(listener: () => void): () => void {
  subscribedListeners.add(listener)
  return () => subscribedListeners.delete(listener)
}

function filters(): Filter[] {
  const all: Filter[] = [{ filter: '#', qos: 0 }]
  return withSystemTopics.value ? [...all, { filter: '$SYS/#', qos: 0 }] : all
}

function received(message: Message): void {
  tree.apply(message)
  messageListeners.get(message.topic)?.forEach((listener) => listener(message))
  if (!treePaused.value) treePainter.mark()
}
