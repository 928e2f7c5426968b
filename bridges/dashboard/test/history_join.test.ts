// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartColumns, clockOffset, gapOf, joinHistory, longestOverlap } from '../src/model/history_join'
import type { Point } from '../src/model/series'

const points = (...pairs: [number, number][]): Point[] => pairs.map(([time, value]) => ({ time, value }))
const values = (list: readonly Point[]): number[] => list.map((point) => point.value)

test('what both have is shown once', () => {
  const history = points([1000, 1], [2000, 2], [3000, 3])
  const live = points([2010, 2], [3010, 3], [4010, 4])
  assert.deepEqual(values(joinHistory(history, live)), [1, 2, 3, 4])
})

test('without an overlap nothing is lost', () => {
  assert.deepEqual(values(joinHistory(points([1000, 1]), points([2000, 2]))), [1, 2])
  assert.deepEqual(values(joinHistory([], points([2000, 2]))), [2])
  assert.deepEqual(values(joinHistory(points([1000, 1]), [])), [1])
})

test('a value that came long before is not taken for the one that came now', () => {
  assert.deepEqual(values(joinHistory(points([1000, 7], [2000, 7]), points([60_000, 7]))), [7, 7, 7])
})

test('equal values in a row are counted, not merged', () => {
  const history = points([1000, 5], [2000, 5], [3000, 5])
  const live = points([2001, 5], [3001, 5], [4001, 5], [5001, 6])
  // The history of the last seconds holds three, of which live knows the last ones.
  assert.equal(longestOverlap(history, live), 3)
  assert.equal(joinHistory(history, live, 500).length, 5)
})

test('live values never go back behind the history, whatever the clocks say', () => {
  const joined = joinHistory(points([10_000, 1], [11_000, 2]), points([9000, 2], [9500, 3]))
  assert.deepEqual(
    joined.map((point) => point.time),
    [10_000, 11_000, 11_000]
  )
})

test('the offset of the clocks is known as well as the question was quick', () => {
  assert.equal(clockOffset(1000, 1100, 1050), 0)
  assert.equal(clockOffset(1000, 1100, 1010), 0)
  assert.equal(clockOffset(1000, 1100, 61_050), -60_000)
})

test('a silence is a gap in the chart', () => {
  const [times, column] = chartColumns(points([0, 1], [1000, 2], [9000, 3]), 2000)
  assert.deepEqual(times, [0, 1, 5, 9])
  assert.deepEqual(column, [1, 2, null, 3])
})

test('points that are usually far apart have no gap between them', () => {
  assert.equal(gapOf(points([0, 1], [20_000, 1], [40_000, 1]), 15_000), 80_000)
  assert.equal(gapOf(points([0, 1], [100, 1]), 15_000), 15_000)
  assert.equal(gapOf([], 15_000), 15_000)
})

test('long lists are joined quickly, even if every value is the same', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({ time: index, value: index % 2 }))
  const begin = performance.now()
  joinHistory(many, many.slice(1))
  assert.ok(performance.now() - begin < 1000)
})
