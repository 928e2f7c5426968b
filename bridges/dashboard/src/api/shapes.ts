// SPDX-License-Identifier: Apache-2.0
// The answers of the HTTP API, as the README lists them. Every member may be missing: an older broker has fewer.

export interface Session {
  user: string | null
  admin: boolean
  anonymous: boolean
  mqtt?: { username: string; password: string }
}

// RFC 3339, or milliseconds since 1970.
export type ApiTime = string | number

export interface Paged<Item> {
  items: Item[]
  next?: string
  total?: number
}

export interface StorageStatus {
  engine?: string
  durability?: string
  size_bytes?: number
  max_bytes?: number
  commits?: number
  batches?: number
  commit_ms_mean?: number
  commit_ms_max?: number
  backlog_bytes?: number
  failing?: boolean
  failure?: string
}

export interface LoopStatus {
  busy?: number
  connections?: number
  sessions?: number
  queued_messages?: number
}

export interface StationStatus {
  name: string
  client_identifier?: string
  preset?: string
  state?: string
  last_seen?: ApiTime
  address?: string
  requests?: number
  rejected?: number
}

export interface BridgeStatus {
  name: string
  kind?: string
  address?: string
  state?: string
  messages_in?: number
  messages_out?: number
  queued_messages?: number
  failure?: string
}

export interface Totals {
  messages_received?: number
  messages_sent?: number
  messages_dropped?: number
  packets_received?: number
  packets_sent?: number
  bytes_received?: number
  bytes_sent?: number
}

export interface Status {
  version?: string
  pid?: number
  uptime_seconds?: number
  time?: ApiTime
  connections?: number
  connections_total?: number
  connections_refused?: number
  logins_refused?: number
  sessions?: number
  subscriptions?: number
  shared_subscriptions?: number
  retained_messages?: number
  retained_bytes?: number
  queued_messages?: number
  queued_bytes?: number
  inflight_messages?: number
  totals?: Totals
  dropped?: Record<string, number>
  listeners?: { protocol?: string; address?: string; tls?: boolean; connections?: number }[]
  loops?: LoopStatus[]
  storage?: StorageStatus
  stations?: StationStatus[]
  bridges?: BridgeStatus[]
  history?: { filter?: string; keep?: string }[]
}

export interface Client {
  client_identifier: string
  connected?: boolean
  transport?: string
  protocol?: string
  user?: string | null
  address?: string
  tls?: boolean
  connected_at?: ApiTime
  disconnected_at?: ApiTime
  last_seen?: ApiTime
  subscriptions?: number
  queued_messages?: number
  queued_bytes?: number
  inflight_messages?: number
  messages_received?: number
  messages_sent?: number
  messages_dropped?: number
  bytes_received?: number
  bytes_sent?: number
}

export interface ClientDetails extends Client {
  keep_alive?: number
  clean_start?: boolean
  session_expiry_interval?: number
  receive_maximum?: number
  maximum_packet_size?: number
  listener?: string
  will?: { topic?: string; qos?: number; retain?: boolean; delay?: number } | null
}

export interface Subscription {
  client_identifier: string
  filter: string
  share_name?: string
  qos?: number
  no_local?: boolean
  retain_as_published?: boolean
  retain_handling?: number
  subscription_identifier?: number
}

export interface Retained {
  topic: string
  time?: ApiTime
  qos?: number
  bytes?: number
  publisher?: string
  content_type?: string
  expires_at?: ApiTime
}

export interface HistoryItem {
  time: ApiTime
  topic: string
  publisher?: string
  qos?: number
  retain?: boolean
  payload?: string
  payload_base64?: string
}

export interface HistoryBucket {
  time: ApiTime
  topic: string
  count?: number
  value: number
  min?: number
  max?: number
}

export interface HistoryAnswer<Item> extends Paged<Item> {
  to?: ApiTime
}

export interface Published {
  matched?: number
  stored?: boolean
}

export function timeOf(time: ApiTime | undefined): number | undefined {
  if (time === undefined) return undefined
  const milliseconds = typeof time === 'number' ? time : Date.parse(time)
  return Number.isFinite(milliseconds) ? milliseconds : undefined
}
