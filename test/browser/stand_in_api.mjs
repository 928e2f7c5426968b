// SPDX-License-Identifier: Apache-2.0
// The HTTP API as bridges/dashboard/README.md expects it, over a StandInBroker and some made-up devices.
import { randomBytes } from 'node:crypto'
import { matches } from './stand_in_broker.mjs'

const kStarted = Date.now()
const kDay = 86_400_000

function iso(time) {
  return new Date(time).toISOString()
}

export class StandInApi {
  sessions = new Map()
  disconnected = new Set()

  // users: name to {password, admin}; without any, everybody is let in.
  constructor(broker, users) {
    this.broker = broker
    this.users = users
  }

  async answer(request, url) {
    const path = url.pathname.split('/').slice(2).map(decodeURIComponent)
    const session = this.session_of(request)
    if (path[0] === 'login') return this.log_in(request)
    if (session === null) return problem(401, 'A login is needed.')
    const route = this[`${request.method.toLowerCase()}_${path[0]}`]
    if (route === undefined) return problem(404, 'There is no such thing.')
    if (['status', 'clients', 'subscriptions'].includes(path[0]) && !session.admin) {
      return problem(403, 'The admin right is needed.')
    }
    return route.call(this, { path, query: url.searchParams, request, session })
  }

  session_of(request) {
    if (this.users === null) return { user: null, admin: true, anonymous: true }
    const token = /runnel_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
    return this.sessions.get(token) ?? null
  }

  async log_in(request) {
    const { user, password } = JSON.parse(await body_of(request))
    const known = this.users?.[user]
    if (known === undefined || known.password !== password) return problem(401, 'Wrong user name or password.')
    const token = randomBytes(16).toString('hex')
    const session = { user, admin: known.admin, anonymous: false }
    this.sessions.set(token, session)
    const cookie = `runnel_session=${token}; HttpOnly; SameSite=Strict; Path=/`
    return { status: 200, body: session, headers: { 'Set-Cookie': cookie } }
  }

  post_logout({ request }) {
    this.sessions.delete(/runnel_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1])
    return { status: 204, headers: { 'Set-Cookie': 'runnel_session=; Max-Age=0; Path=/' } }
  }

  get_session({ session }) {
    return { status: 200, body: session }
  }

  get_status() {
    const { broker } = this
    const clients = this.clients()
    const queued = clients.reduce((sum, client) => sum + client.queued_messages, 0)
    const load = Math.min(0.95, 0.06 + Math.abs(Math.sin(Date.now() / 20_000)) * 0.2)
    return {
      status: 200,
      body: {
        version: '0.2.0',
        pid: 4711,
        uptime_seconds: (Date.now() - kStarted) / 1000 + 266_000,
        time: iso(Date.now()),
        connections: clients.filter((client) => client.connected).length,
        connections_total: 4281,
        connections_refused: 3,
        logins_refused: 0,
        sessions: clients.length,
        subscriptions: clients.reduce((sum, client) => sum + client.subscriptions, 0),
        shared_subscriptions: 1,
        retained_messages: broker.retained.size,
        retained_bytes: broker.retained.size * 420,
        queued_messages: queued,
        queued_bytes: queued * 180,
        inflight_messages: 2,
        totals: {
          messages_received: broker.received + 1_284_220,
          messages_sent: broker.sent + 3_118_004,
          messages_dropped: 12,
          packets_received: broker.received,
          packets_sent: broker.sent,
          bytes_received: broker.bytesReceived,
          bytes_sent: broker.bytesSent
        },
        dropped: { queue_full: 12 },
        listeners: [
          { protocol: 'mqtt', address: '127.0.0.1:1883', tls: false, connections: 14 },
          { protocol: 'mqtt', address: '0.0.0.0:8883', tls: true, connections: 6 },
          { protocol: 'http', address: '127.0.0.1:8080', tls: false, connections: broker.connections.size }
        ],
        loops: [
          { busy: load, connections: 12, sessions: 9, queued_messages: queued },
          { busy: load * 0.7, connections: 9, sessions: 8, queued_messages: 0 }
        ],
        storage: {
          engine: 'rocksdb',
          durability: 'synced',
          size_bytes: 183_500_800,
          max_bytes: 1_073_741_824,
          commits: Math.floor((Date.now() - kStarted) / 40),
          batches: 92_001,
          commit_ms_mean: 0.84,
          commit_ms_max: 11.2,
          backlog_bytes: 0,
          failing: false
        },
        stations: [
          station('garden', 'online', 12_000, 18_220, 0),
          station('roof', 'online', 41_000, 9020, 3),
          station('cellar', 'silent', 7_800_000, 511, 0)
        ],
        bridges: [
          bridge('cloud', 'mqtt', 'mqtts://hub.example.org:8883', 'connected', 0),
          bridge('alerts', 'webhook', 'https://example.org/hook', 'connecting', 14)
        ],
        history: [{ filter: 'home/#', keep: '30d' }]
      }
    }
  }

  clients() {
    const live = [...this.broker.connections].map((each) => ({
      client_identifier: each.clientIdentifier,
      connected: true,
      transport: 'websocket',
      protocol: '5.0',
      user: null,
      address: each.address,
      tls: false,
      connected_at: iso(each.connectedAt),
      last_seen: iso(each.lastSeen),
      subscriptions: each.subscriptions.size,
      queued_messages: 0,
      queued_bytes: 0,
      inflight_messages: 0,
      messages_received: each.messagesReceived,
      messages_sent: each.messagesSent
    }))
    const made = kDevices.filter((device) => !this.disconnected.has(device.client_identifier))
    return [...live, ...made.map(device_of)].sort((a, b) => (a.client_identifier < b.client_identifier ? -1 : 1))
  }

  get_clients({ path, query }) {
    if (path.length > 1) return this.get_client(path[1])
    const search = (query.get('search') ?? '').toLowerCase()
    const state = query.get('state') ?? ''
    const transport = query.get('transport') ?? ''
    const found = this.clients().filter(
      (client) =>
        `${client.client_identifier} ${client.user} ${client.address}`.toLowerCase().includes(search) &&
        (state === '' || (state === 'connected') === client.connected) &&
        (transport === '' || transport === client.transport)
    )
    return paged(found, query, (client) => client.client_identifier)
  }

  get_client(clientIdentifier) {
    const client = this.clients().find((each) => each.client_identifier === clientIdentifier)
    if (client === undefined) return problem(404, 'There is no such client.')
    const will = { topic: `home/${clientIdentifier.slice(0, 20)}/state`, qos: 1, retain: true, delay: 0 }
    const more = { keep_alive: 60, clean_start: false, session_expiry_interval: 604_800, receive_maximum: 100 }
    return { status: 200, body: { ...client, ...more, listener: '127.0.0.1:1883', will } }
  }

  delete_clients({ path }) {
    const found = this.clients().find((each) => each.client_identifier === path[1])
    if (found === undefined) return problem(404, 'There is no such client.')
    this.disconnected.add(path[1])
    for (const each of this.broker.connections) if (each.clientIdentifier === path[1]) each.socket.close()
    return { status: 204 }
  }

  get_subscriptions({ query }) {
    const name = query.get('client') ?? ''
    const live = [...this.broker.connections].find((each) => each.clientIdentifier === name)
    const filters = live === undefined ? ['commands/+/set', 'home/#'] : [...live.subscriptions.keys()]
    return paged(
      filters.map((filter) => ({ client_identifier: name, filter, qos: 1, retain_as_published: true })),
      query,
      (each) => each.filter
    )
  }

  get_retained({ query }) {
    const filter = query.get('filter') ?? '#'
    const found = [...this.broker.retained.values()].filter((message) => matches(filter, message.topic))
    return paged(
      found.map((message) => ({
        topic: message.topic,
        time: iso(message.time),
        qos: message.qos,
        bytes: message.payload.length,
        publisher: message.publisher
      })),
      query,
      (each) => each.topic
    )
  }

  get_history({ query }) {
    const filter = query.get('filter')
    const now = Date.now()
    const from = time_of(query.get('from'), now)
    const kept = [...this.broker.history.values()].flat()
    const found = kept.filter((message) => matches(filter, message.topic) && message.time >= from)
    const every = query.get('every')
    if (every !== null) return { status: 200, body: { items: buckets(found, span_of(every)), to: iso(now) } }
    const first = found.slice(0, Number(query.get('limit') ?? 1000))
    const items = first.map((message) => ({
      time: iso(message.time),
      topic: message.topic,
      publisher: message.publisher,
      qos: message.qos,
      retain: message.retain,
      payload: message.payload.toString()
    }))
    return { status: 200, body: { items, to: iso(now) } }
  }

  async post_topics({ path, query, request, session }) {
    const matched = this.broker.publish({
      topic: path[1],
      payload: await body_of(request),
      qos: Number(query.get('qos') ?? 0),
      retain: query.get('retain') === 'true',
      publisher: session.user ?? 'http'
    })
    return { status: 200, body: { matched, stored: true } }
  }

  delete_topics({ path }) {
    this.broker.publish({ topic: path[1], payload: '', retain: true })
    return { status: 204 }
  }
}

async function body_of(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts)
}

function problem(status, detail) {
  return { status, body: { type: 'about:blank', title: detail, status, detail }, type: 'application/problem+json' }
}

function paged(items, query, name_of) {
  const limit = Number(query.get('limit') ?? 100)
  const after = query.get('after')
  const first = after === null ? 0 : items.findIndex((each) => name_of(each) === after) + 1
  const page = items.slice(first, first + limit)
  const more = first + limit < items.length
  return {
    status: 200,
    body: { items: page, total: items.length, ...(more ? { next: name_of(page[page.length - 1]) } : {}) }
  }
}

function span_of(text) {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text)
  return Number(count) * { s: 1000, m: 60_000, h: 3_600_000, d: kDay }[unit]
}

function time_of(text, now) {
  return text.startsWith('-') ? now - span_of(text.slice(1)) : Date.parse(text)
}

function buckets(messages, every) {
  const sums = new Map()
  for (const message of messages) {
    const value = Number(message.payload.toString())
    if (!Number.isFinite(value)) continue
    const start = Math.floor(message.time / every) * every
    const sum = sums.get(start) ?? { time: iso(start), topic: message.topic, count: 0, total: 0 }
    sum.count++
    sum.total += value
    sums.set(start, sum)
  }
  return [...sums.values()].map(({ total, ...rest }) => ({ ...rest, value: total / rest.count }))
}

function station(name, state, ago, requests, rejected) {
  const last_seen = iso(Date.now() - ago)
  return { name, client_identifier: `station-${name}`, preset: 'ecowitt', state, last_seen, requests, rejected }
}

function bridge(name, kind, address, state, queued_messages) {
  return { name, kind, address, state, messages_in: 20_412, messages_out: 118_220, queued_messages }
}

const kKinds = [
  ['heat-pump', 'mqtt', '5.0', 'heating'],
  ['kitchen-panel', 'websocket', '5.0', 'kitchen'],
  ['meter-main', 'mqtt', '3.1.1', 'meter'],
  ['solar-inverter', 'mqtt', '5.0', 'solar'],
  ['station-garden', 'http', 'HTTP', 'garden'],
  ['station-roof', 'http', 'HTTP', 'roof'],
  ['thermostat-bath', 'mqtt', '3.1.1', 'heating'],
  ['window-sensor-attic-north-side', 'mqtt', '3.1', null],
  ['<img src=x onerror=alert(1)>', 'mqtt', '5.0', '<b>mallory</b>']
]

const kDevices = [
  ...kKinds.map(([client_identifier, transport, protocol, user], index) => ({
    client_identifier,
    transport,
    protocol,
    user,
    address: `192.0.2.${10 + index}:${40_000 + index * 137}`,
    away: index === 7
  })),
  ...Array.from({ length: 140 }, (_, index) => ({
    client_identifier: `zigbee-${String(index).padStart(3, '0')}`,
    transport: 'mqtt',
    protocol: '3.1.1',
    user: 'zigbee',
    address: `192.0.2.60:${42_000 + index}`,
    away: index % 9 === 0
  }))
]

function device_of({ away, ...device }, index) {
  const ago = away ? 5_400_000 : (index * 7919) % 55_000
  return {
    ...device,
    connected: !away,
    tls: index % 3 === 1,
    ...(away ? { disconnected_at: iso(Date.now() - ago) } : { connected_at: iso(kStarted - index * 3_600_000) }),
    last_seen: iso(Date.now() - ago),
    subscriptions: 2,
    queued_messages: away ? 212 : 0,
    queued_bytes: away ? 38_112 : 0,
    inflight_messages: index % 4 === 2 ? 1 : 0,
    messages_received: 1000 + index * 313,
    messages_sent: 400 + index * 101,
    messages_dropped: 0,
    bytes_received: 91_000 + index * 31_300,
    bytes_sent: 40_000 + index * 10_100
  }
}
