// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Status } from '../src/api/shapes'
import { alertsOf } from '../src/model/alerts'

const keys = (status: Status, before: Status | null = null): string[] => alertsOf(status, before).map(({ key }) => key)

test('a healthy broker has no alerts, nor has one that says nothing', () => {
  assert.deepEqual(keys({}), [])
  assert.deepEqual(keys({ storage: { failing: false, size_bytes: 5, max_bytes: 10 }, loops: [{ busy: 0.5 }] }), [])
})

test('a store that fails or fills up', () => {
  assert.deepEqual(keys({ storage: { failing: true, failure: 'No space left on device' } }), ['storage'])
  assert.deepEqual(keys({ storage: { size_bytes: 95, max_bytes: 100 } }), ['storage-full'])
  assert.deepEqual(keys({ storage: { size_bytes: 95, max_bytes: 0 } }), [])
})

test('counters count if they grew, and drops that were asked for do not', () => {
  const before: Status = { uptime_seconds: 10, dropped: { queue_full: 3, expired: 1 }, logins_refused: 2 }
  const now: Status = { uptime_seconds: 20, dropped: { queue_full: 8, expired: 9, not_stored: 1 }, logins_refused: 3 }
  assert.deepEqual(keys(now, before), ['dropped-queue_full', 'dropped-not_stored', 'logins'])
  assert.ok(alertsOf(now, before)[0]?.title.startsWith('5 messages'))
  assert.deepEqual(keys(before, before), [])
  assert.deepEqual(keys({ ...now, uptime_seconds: 1 }, before), [], 'after a restart counters begin anew')
})

test('loops, bridges and stations', () => {
  const status: Status = {
    loops: [{ busy: 0.2 }, { busy: 0.97 }],
    bridges: [
      { name: 'cloud', state: 'failed', failure: 'refused' },
      { name: 'other', state: 'connected' }
    ],
    stations: [
      { name: 'roof', state: 'silent' },
      { name: 'garden', state: 'waiting' }
    ]
  }
  assert.deepEqual(keys(status), ['loops', 'bridge-cloud', 'station-roof'])
})
