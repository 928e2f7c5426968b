// SPDX-License-Identifier: Apache-2.0
// One function for each request of the HTTP API.
import { pathOf, request } from './request'
import type {
  Client,
  ClientDetails,
  HistoryAnswer,
  HistoryBucket,
  HistoryItem,
  Paged,
  Published,
  Retained,
  Session,
  Status,
  Subscription
} from './shapes'

export const getSession = (): Promise<Session> => request('/v1/session')

export const logIn = (user: string, password: string): Promise<Session> =>
  request('/v1/login', {
    method: 'POST',
    contentType: 'application/json',
    body: JSON.stringify({ user, password })
  })

export const logOut = (): Promise<void> => request('/v1/logout', { method: 'POST' })

export const getStatus = (signal?: AbortSignal): Promise<Status> => request('/v1/status', withSignal(signal))

export interface ClientQuery {
  search: string
  state: string
  transport: string
}

export const getClients = (
  query: ClientQuery,
  limit: number,
  after?: string,
  signal?: AbortSignal
): Promise<Paged<Client>> =>
  request('/v1/clients', { parameters: { ...query, limit, after }, ...withSignal(signal) })

export const getClient = (clientIdentifier: string, signal?: AbortSignal): Promise<ClientDetails> =>
  request('/v1/clients' + pathOf(clientIdentifier), withSignal(signal))

export const disconnectClient = (clientIdentifier: string, endSession: boolean): Promise<void> =>
  request('/v1/clients' + pathOf(clientIdentifier), {
    method: 'DELETE',
    parameters: { session: endSession ? true : undefined }
  })

export const getSubscriptions = (clientIdentifier: string, limit: number): Promise<Paged<Subscription>> =>
  request('/v1/subscriptions', { parameters: { client: clientIdentifier, limit } })

export const getRetained = (filter: string, limit: number, signal?: AbortSignal): Promise<Paged<Retained>> =>
  request('/v1/retained', { parameters: { filter, limit }, ...withSignal(signal) })

export interface HistorySpan {
  filter: string
  from: string
  to?: string
  limit: number
}

// The broker answers from the oldest on: asks again from where an answer that is full ends.
const kHistoryRounds = 20

// The last messages of the span, as many as its limit, oldest first.
export async function getHistory(span: HistorySpan, signal?: AbortSignal): Promise<HistoryAnswer<HistoryItem>> {
  let items: HistoryItem[] = []
  let from = span.from
  for (let round = 1; ; round++) {
    const answer: HistoryAnswer<HistoryItem> = await request('/v1/history', {
      parameters: { ...span, from, format: 'json' },
      ...withSignal(signal)
    })
    const known = items.filter((item) => item.time === from).length
    items = items.concat(answer.items.slice(known)).slice(-span.limit)
    const last = items[items.length - 1]
    if (answer.items.length < span.limit || last === undefined || round === kHistoryRounds) return { ...answer, items }
    from = String(last.time)
  }
}

export const getBuckets = (
  span: HistorySpan,
  every: string,
  signal?: AbortSignal
): Promise<HistoryAnswer<HistoryBucket>> =>
  request('/v1/history', { parameters: { ...span, every, value: 'avg', format: 'json' }, ...withSignal(signal) })

export interface Publication {
  topic: string
  payload: string
  qos: number
  retain: boolean
  contentType: string
}

export const publish = (publication: Publication): Promise<Published> =>
  request('/v1/topics' + pathOf(publication.topic), {
    method: 'POST',
    parameters: { qos: publication.qos, retain: publication.retain ? true : undefined },
    // Bytes, since the browser would add a charset to a text.
    body: new TextEncoder().encode(publication.payload),
    contentType: publication.contentType === '' ? 'application/octet-stream' : publication.contentType
  })

export const clearRetained = (topic: string): Promise<void> =>
  request('/v1/topics' + pathOf(topic), { method: 'DELETE' })

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
