// SPDX-License-Identifier: Apache-2.0
import type { Point } from './series'

// History comes with the server's times and ends some time after the live values began; live values come with ours.
// So the two overlap, and the overlap has to be shown once: the longest end of the history that is a beginning of the
// live values, of what is young enough to be both. `live` is in the order of arrival.
export function joinHistory(history: readonly Point[], live: readonly Point[], slackMs = 5000): Point[] {
  const first = live[0]
  if (first === undefined) return [...history]
  const young = history.filter((point) => point.time >= first.time - slackMs).length
  const overlap = longestOverlap(history.slice(history.length - young), live)
  const newest = history[history.length - 1]?.time ?? -Infinity
  // A live value is not older than a history that lacks it, whatever the clocks say.
  const rest = live.slice(overlap).map((point) => ({ ...point, time: Math.max(point.time, newest) }))
  return [...history, ...rest]
}

// More than this many values within the slack are not compared: the work grows with the square.
const kOverlapMax = 2000

// How many values at the end of one list are the beginning of the other.
export function longestOverlap(end: readonly Point[], begin: readonly Point[]): number {
  for (let count = Math.min(end.length, begin.length, kOverlapMax); count > 0; count--) {
    const from = end.length - count
    let same = true
    for (let i = 0; i < count && same; i++) same = end[from + i]?.value === begin[i]?.value
    if (same) return count
  }
  return 0
}

// The server's time on our clock: an answer says when it was made, and we know between which moments that was.
export function clockOffset(askedAt: number, answeredAt: number, serverTime: number): number {
  const offset = (askedAt + answeredAt) / 2 - serverTime
  // Within the time of the question nothing can be told from the same clock.
  return Math.abs(offset) <= (answeredAt - askedAt) / 2 + 1 ? 0 : offset
}

// How long a silence is one: some times the usual distance of the points, and no less than `leastMs`.
export function gapOf(points: readonly Point[], leastMs: number): number {
  const distances = points.slice(1).map((point, index) => point.time - (points[index]?.time ?? 0))
  distances.sort((a, b) => a - b)
  // Where history of few points meets live ones of many, the few count.
  return Math.max(leastMs, 4 * (distances[Math.floor(distances.length * 0.9)] ?? 0))
}

// The columns of a chart. A long silence is a gap, not a line: a null stands in it.
export function chartColumns(points: readonly Point[], gapMs: number): [number[], (number | null)[]] {
  const times: number[] = []
  const values: (number | null)[] = []
  let previous: Point | undefined
  for (const point of points) {
    if (previous !== undefined && point.time - previous.time > gapMs) {
      times.push((previous.time + point.time) / 2000)
      values.push(null)
    }
    times.push(point.time / 1000)
    values.push(point.value)
    previous = point
  }
  return [times, values]
}
