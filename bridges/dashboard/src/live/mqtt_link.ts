// SPDX-License-Identifier: Apache-2.0
// An MQTT 5 connection over WebSocket, that comes back by itself.
import { signal } from '@preact/signals'
import type { IPublishPacket, MqttClient } from 'mqtt'
import type { Message, MessageProperties } from '../model/message'
import { currentSession } from './session'

export type LinkState = 'connecting' | 'connected' | 'lost' | 'refused' | 'closed'

export interface Filter {
  filter: string
  qos: 0 | 1 | 2
}

export interface LinkEvents {
  message: (message: Message) => void
  // After each CONNACK, when the subscriptions have been asked for.
  subscribed?: () => void
}

const kReconnectMs = 2000
// Retained Messages that come later than this after a SUBSCRIBE are new.
const kReplayMs = 5000

// Every open link, so that one banner can tell how they are.
export const links = signal<readonly MqttLink[]>([])

export class MqttLink {
  readonly state = signal<LinkState>('connecting')
  // Why the broker refused, or gave a SUBSCRIBE less than was asked for.
  readonly fault = signal<string>('')

  private client: MqttClient | null = null
  private filters: Filter[] = []
  private subscribedAt = 0
  private readonly replayed = new Set<string>()

  constructor(private readonly events: LinkEvents) {
    links.value = [...links.value, this]
    void this.open()
  }

  async subscribe(filters: Filter[]): Promise<void> {
    const isNew = (each: Filter): boolean =>
      !this.filters.some((old) => old.filter === each.filter && old.qos === each.qos)
    const added = filters.filter(isNew)
    const removed = this.filters.filter((old) => !filters.some((each) => each.filter === old.filter))
    this.filters = filters
    if (this.client?.connected !== true) return
    if (removed.length > 0) await this.client.unsubscribeAsync(removed.map((each) => each.filter)).catch(() => {})
    await this.ask(added)
  }

  close(): void {
    this.state.value = 'closed'
    links.value = links.value.filter((each) => each !== this)
    this.client?.end(true)
    this.client = null
  }

  private async open(): Promise<void> {
    // The library is more than half of the page's weight: it is loaded with the first connection.
    const { default: mqtt } = await import('mqtt')
    if (this.state.value === 'closed') return
    const credentials = currentSession()?.mqtt
    const client = mqtt.connect(location.origin.replace(/^http/, 'ws') + '/mqtt', {
      protocolVersion: 5,
      clientId: `dashboard-${randomName()}`,
      clean: true,
      keepalive: 120,
      reconnectPeriod: kReconnectMs,
      reconnectOnConnackError: true,
      connectTimeout: 10_000,
      resubscribe: false,
      queueQoSZero: false,
      // Timers in a worker would need a blob: in the Content Security Policy.
      timerVariant: 'native',
      properties: { receiveMaximum: 1000, topicAliasMaximum: 100 },
      ...(credentials === undefined ? {} : credentials)
    })
    this.client = client
    client.on('connect', () => void this.connected())
    client.on('close', () => this.lost())
    client.on('error', (error) => this.refused(error))
    client.on('message', (topic, payload, packet) => this.received(topic, payload, packet))
  }

  private async connected(): Promise<void> {
    this.state.value = 'connected'
    this.fault.value = ''
    await this.ask(this.filters)
    this.events.subscribed?.()
  }

  private lost(): void {
    if (this.state.value === 'connected' || this.state.value === 'connecting') this.state.value = 'lost'
  }

  private refused(error: Error): void {
    const code = (error as { code?: unknown }).code
    if (typeof code !== 'number' || this.state.value === 'closed') return
    this.state.value = 'refused'
    this.fault.value = `The broker refused the connection: ${error.message.replace(/^Connection refused: /, '')}.`
  }

  private async ask(filters: Filter[]): Promise<void> {
    if (filters.length === 0 || this.client === null) return
    this.subscribedAt = Date.now()
    this.replayed.clear()
    const wanted = Object.fromEntries(filters.map(({ filter, qos }) => [filter, { qos, rap: true }]))
    try {
      await this.client.subscribeAsync(wanted)
      this.fault.value = ''
    } catch (error) {
      if (this.client?.connected === true) this.fault.value = subscribeFault(error)
    }
  }

  private received(topic: string, payload: Uint8Array, packet: IPublishPacket): void {
    const time = Date.now()
    const isFirst = packet.retain && time < this.subscribedAt + kReplayMs && !this.replayed.has(topic)
    if (isFirst) this.replayed.add(topic)
    this.events.message({
      topic,
      payload,
      qos: packet.qos,
      retain: packet.retain,
      time,
      replayed: isFirst,
      properties: propertiesOf(packet)
    })
  }
}

const kNoProperties: MessageProperties = {}

function propertiesOf({ properties }: IPublishPacket): MessageProperties {
  if (properties === undefined) return kNoProperties
  const found: MessageProperties = {}
  if (properties.contentType !== undefined) found.contentType = properties.contentType
  if (properties.payloadFormatIndicator !== undefined) found.payloadFormatIndicator = properties.payloadFormatIndicator
  if (properties.messageExpiryInterval !== undefined) found.messageExpiryInterval = properties.messageExpiryInterval
  if (properties.responseTopic !== undefined) found.responseTopic = properties.responseTopic
  if (properties.correlationData !== undefined) found.correlationBytes = properties.correlationData
  if (properties.subscriptionIdentifier !== undefined) {
    found.subscriptionIdentifiers = [properties.subscriptionIdentifier].flat()
  }
  if (properties.userProperties !== undefined) {
    found.userProperties = Object.entries(properties.userProperties).flatMap(([name, values]) =>
      [values].flat().map((value) => ({ name, value }))
    )
  }
  return found
}

function subscribeFault(error: unknown): string {
  const text = error instanceof Error ? error.message : ''
  return /not authorized/i.test(text) ? 'You may not subscribe to this.' : `The subscription was refused. ${text}`.trim()
}

function randomName(): string {
  return [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
