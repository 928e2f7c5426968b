// SPDX-License-Identifier: Apache-2.0
// The numbers of one topic: what history has, joined with what comes.
import { signal } from '@preact/signals'
import { getBuckets, getHistory } from '../api/requests'
import { ApiError } from '../api/request'
import { timeOf, type HistoryItem } from '../api/shapes'
import { clockOffset, joinHistory } from '../model/history_join'
import type { Message } from '../model/message'
import { base64Bytes } from '../model/payload_text'
import { kWholePayload, payloadNumbers } from '../model/payload_numbers'
import { Series, type Point } from '../model/series'
import { Painter } from './painting'
import { listen, onSubscribed } from './topic_feed'

export interface ChartRange {
  label: string
  milliseconds: number
  from: string
  // Of a bucket; undefined for every message.
  every?: string
  everyMs: number
}

export const kRanges: readonly ChartRange[] = [
  { label: '5 min', milliseconds: 300_000, from: '-5m', everyMs: 0 },
  { label: '1 h', milliseconds: 3_600_000, from: '-1h', every: '10s', everyMs: 10_000 },
  { label: '24 h', milliseconds: 86_400_000, from: '-24h', every: '5m', everyMs: 300_000 },
  { label: '7 d', milliseconds: 604_800_000, from: '-7d', every: '30m', everyMs: 1_800_000 }
]

const kMessagesMax = 5000
const kPointsMax = 10_000

// Messages that have come since the topic was chosen or the subscription began anew, one series per path.
export class ChartFeed {
  readonly painter = new Painter(200)
  readonly paths = signal<readonly string[]>([])
  readonly path = signal(kWholePayload)
  readonly publisher = signal('')
  readonly historyFault = signal('')
  readonly historyCount = signal<number | null>(null)

  private readonly live = new Map<string, Series>()
  private known = new Map<string, Point[]>()
  private readonly endings: (() => void)[]
  private asking: AbortController | null = null
  private refresh: ReturnType<typeof setInterval> | undefined

  constructor(
    readonly topic: string,
    private range: ChartRange
  ) {
    this.endings = [listen(topic, (message) => this.received(message)), onSubscribed(() => this.beginAnew())]
    this.setRange(range)
  }

  close(): void {
    this.endings.forEach((end) => end())
    this.asking?.abort()
    clearInterval(this.refresh)
  }

  setRange(range: ChartRange): void {
    this.range = range
    clearInterval(this.refresh)
    if (range.everyMs > 0) this.refresh = setInterval(() => void this.ask(), Math.max(range.everyMs, 30_000))
    void this.ask()
  }

  choosePath(path: string): void {
    this.path.value = path
    if (this.range.everyMs > 0) void this.ask()
    this.painter.now()
  }

  points(now: number): Point[] {
    const from = now - this.range.milliseconds
    const known = this.known.get(this.path.value) ?? []
    const live = this.live.get(this.path.value)?.points() ?? []
    return this.join(known, live).filter((point) => point.time >= from)
  }

  // What the payload shown now has in it, before the next message comes.
  offerPaths(payload: Uint8Array): void {
    this.addPaths([...payloadNumbers(payload).keys()])
  }

  private join(known: Point[], live: Point[]): Point[] {
    if (this.isBucketed()) {
      const end = (known[known.length - 1]?.time ?? -Infinity) + this.range.everyMs / 2
      return [...known, ...live.filter((point) => point.time > end)]
    }
    return joinHistory(known, live)
  }

  // Buckets are of payloads that are numbers; of JSON every message is asked for.
  private isBucketed(): boolean {
    return this.range.every !== undefined && this.path.value === kWholePayload
  }

  private received(message: Message): void {
    const numbers = payloadNumbers(message.payload)
    this.addPaths([...numbers.keys()])
    if (message.replayed) return
    for (const [path, value] of numbers) this.seriesOf(path).add(message.time, value)
    this.painter.mark()
  }

  private beginAnew(): void {
    // What was live is known now; history, where there is one, takes its place.
    for (const [path, series] of this.live) {
      this.known.set(path, this.join(this.known.get(path) ?? [], series.points()))
    }
    this.live.clear()
    void this.ask()
  }

  private seriesOf(path: string): Series {
    const series = this.live.get(path) ?? new Series(kPointsMax)
    this.live.set(path, series)
    return series
  }

  private addPaths(paths: readonly string[]): void {
    const added = paths.filter((path) => !this.paths.value.includes(path))
    if (added.length === 0) return
    if (this.paths.value.length === 0 && !added.includes(this.path.value)) this.path.value = added[0] ?? kWholePayload
    this.paths.value = [...this.paths.value, ...added]
  }

  private async ask(): Promise<void> {
    this.asking?.abort()
    const asking = new AbortController()
    this.asking = asking
    try {
      if (this.isBucketed()) await this.askBuckets(asking.signal)
      else await this.askMessages(asking.signal)
      this.historyFault.value = ''
    } catch (error) {
      if (asking.signal.aborted) return
      // No history is no fault: most topics have none.
      const missing = error instanceof ApiError && error.status === 404
      this.historyFault.value = missing ? '' : error instanceof Error ? error.message : String(error)
    }
    this.painter.now()
  }

  private async askMessages(signal: AbortSignal): Promise<void> {
    const askedAt = Date.now()
    const span = { filter: this.topic, from: this.range.from, limit: kMessagesMax }
    const answer = await getHistory(span, signal)
    this.take(answer.items, clockOffset(askedAt, Date.now(), timeOf(answer.to) ?? askedAt))
  }

  private take(items: HistoryItem[], offset: number): void {
    const found = new Map<string, Point[]>()
    for (const item of items) {
      const time = (timeOf(item.time) ?? 0) + offset
      for (const [path, value] of payloadNumbers(payloadOf(item))) {
        const points = found.get(path) ?? []
        found.set(path, points)
        points.push({ time, value })
      }
    }
    this.publisher.value = items[items.length - 1]?.publisher ?? this.publisher.value
    this.historyCount.value = items.length
    if (items.length > 0) this.known = found
    this.addPaths([...found.keys()])
  }

  private async askBuckets(signal: AbortSignal): Promise<void> {
    const askedAt = Date.now()
    const span = { filter: this.topic, from: this.range.from, limit: kMessagesMax }
    const answer = await getBuckets(span, this.range.every ?? '1m', signal)
    const offset = clockOffset(askedAt, Date.now(), timeOf(answer.to) ?? askedAt)
    const half = this.range.everyMs / 2
    // A mean belongs in the middle of its bucket.
    const points = answer.items.map(({ time, value }) => ({ time: (timeOf(time) ?? 0) + offset + half, value }))
    this.historyCount.value = answer.items.length
    if (points.length > 0) this.known.set(kWholePayload, points)
    if (points.length > 0) this.addPaths([kWholePayload])
  }
}

function payloadOf(item: HistoryItem): Uint8Array {
  if (item.payload_base64 !== undefined) return base64Bytes(item.payload_base64)
  return new TextEncoder().encode(item.payload ?? '')
}
