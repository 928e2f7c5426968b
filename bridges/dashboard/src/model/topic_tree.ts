// SPDX-License-Identifier: Apache-2.0
import type { Message, MessageProperties } from './message'
import { RateMeter } from './rate_meter'

export interface TreeLimits {
  topicsMax: number
  // Levels below this one stay together in one node: a topic may have 65,535 of them.
  levelsMax: number
  // Bytes kept of each last payload; the length is always the true one.
  payloadBytesMax: number
  // So many first topics are shown open: a small tree needs no clicks.
  openTopicsMax: number
}

export const kTreeLimits: TreeLimits = { topicsMax: 50_000, levelsMax: 64, payloadBytesMax: 4096, openTopicsMax: 60 }

// The last message of a topic, as far as it is kept.
export interface LastMessage {
  payload: Uint8Array
  bytes: number
  qos: 0 | 1 | 2
  time: number
  replayed: boolean
  properties: MessageProperties
}

export class TopicNode {
  readonly children = new Map<string, TopicNode>()
  last: LastMessage | null = null
  retained = false
  messages = 0
  // Topics that have had a message, in this node and below.
  topics = 0
  expanded = false
  readonly rate = new RateMeter()
  // In the order of their names; null when a child has come since.
  private sorted: TopicNode[] | null = null

  constructor(
    readonly parent: TopicNode | null,
    readonly name: string,
    // The whole topic up to here.
    readonly topic: string,
    readonly level: number
  ) {}

  add(name: string): TopicNode {
    const topic = this.level < 0 ? name : `${this.topic}/${name}`
    const child = new TopicNode(this, name, topic, this.level + 1)
    this.children.set(name, child)
    this.sorted = null
    return child
  }

  inOrder(): TopicNode[] {
    this.sorted ??= [...this.children.values()].sort((a, b) => compareNames(a.name, b.name))
    return this.sorted
  }
}

const collator = new Intl.Collator('en', { numeric: true })

// "sensor2" before "sensor10", and never equal unless the same.
export function compareNames(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
}

// Topics and their last messages. Bounded: past the limit new topics are counted and not kept.
export class TopicTree {
  root = new TopicNode(null, '', '', -1)
  messages = 0
  // Messages of topics for which there was no room.
  refused = 0
  readonly rate = new RateMeter()
  // Changes whenever a node has come or gone, so that lists made from the tree know that they are old.
  shape = 0

  // Whether somebody has opened or closed a node: then the tree stays as it is.
  private touched = false
  private byTopic = new Map<string, TopicNode>()

  constructor(private readonly limits: TreeLimits = kTreeLimits) {}

  get topics(): number {
    return this.root.topics
  }

  find(topic: string): TopicNode | undefined {
    return this.byTopic.get(topic)
  }

  clear(): void {
    this.root = new TopicNode(null, '', '', -1)
    this.byTopic.clear()
    this.messages = 0
    this.refused = 0
    this.touched = false
    this.shape++
  }

  apply(message: Message): TopicNode | null {
    if (!message.replayed) {
      this.messages++
      this.rate.add(message.time)
    }
    const node = this.byTopic.get(message.topic) ?? this.make(message.topic)
    if (node === null) {
      this.refused++
      return null
    }
    if (node.last === null) {
      for (let each: TopicNode | null = node; each !== null; each = each.parent) each.topics++
      this.shape++
    }
    if (!message.replayed) {
      node.messages++
      node.rate.add(message.time)
    }
    // With Retain As Published the flag tells what the publisher wanted: an empty payload clears.
    if (message.retain) node.retained = message.payload.length > 0
    node.last = {
      payload: message.payload.slice(0, this.limits.payloadBytesMax),
      bytes: message.payload.length,
      qos: message.qos,
      time: message.time,
      replayed: message.replayed,
      properties: message.properties
    }
    return node
  }

  // Opens what lies above a topic, so that it can be seen.
  reveal(node: TopicNode): void {
    this.touched = true
    for (let each = node.parent; each !== null; each = each.parent) each.expanded = true
    this.shape++
  }

  toggle(node: TopicNode): void {
    this.touched = true
    node.expanded = !node.expanded
    this.shape++
  }

  expandAll(expanded: boolean): void {
    this.touched = true
    this.setAll(expanded)
  }

  private setAll(expanded: boolean): void {
    const waiting = [...this.root.children.values()]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      node.expanded = expanded
      for (const child of node.children.values()) if (child.children.size > 0 || !expanded) waiting.push(child)
    }
    this.shape++
  }

  private make(topic: string): TopicNode | null {
    if (this.root.topics >= this.limits.topicsMax) return null
    let node = this.root
    const open = this.root.topics < this.limits.openTopicsMax && !this.touched
    if (this.root.topics === this.limits.openTopicsMax && !this.touched) this.setAll(false)
    for (const name of splitTopic(topic, this.limits.levelsMax)) {
      if (open && node.children.size === 0 && node.level < 4) node.expanded = true
      node = node.children.get(name) ?? node.add(name)
    }
    this.byTopic.set(topic, node)
    return node
  }
}

// The levels of a topic, the last of them with all that is left.
export function splitTopic(topic: string, levelsMax: number): string[] {
  const levels: string[] = []
  let begin = 0
  while (levels.length < levelsMax - 1) {
    const end = topic.indexOf('/', begin)
    if (end < 0) break
    levels.push(topic.slice(begin, end))
    begin = end + 1
  }
  levels.push(topic.slice(begin))
  return levels
}
