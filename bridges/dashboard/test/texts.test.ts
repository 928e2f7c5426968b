// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeOf } from '../src/api/shapes'
import { exportText } from '../src/model/export_text'
import { MessageLog } from '../src/model/message_log'
import { propertyRows } from '../src/model/message_rows'
import { agoText, bytesText, countText, durationText, rateText, shortText } from '../src/model/number_text'
import { growth, RateMeter } from '../src/model/rate_meter'
import { parseRoute, routeHash } from '../src/model/route'
import { Series, sparklinePath } from '../src/model/series'
import { matchesFilter, topicFilterFault, topicNameFault } from '../src/model/topic_filter'
import { message } from './message'

test('numbers as people read them', () => {
  assert.deepEqual([0, 999, 12_345, 123_456, 12_345_678].map(countText), ['0', '999', '12,345', '123k', '12.3M'])
  assert.deepEqual([0, 0.04, 3, 250].map(rateText), ['0', '0.04', '3.0', '250'])
  assert.deepEqual([0, 1023, 1024, 5_452_595].map(bytesText), ['0 B', '1023 B', '1.0 KiB', '5.2 MiB'])
  assert.deepEqual([0, 59, 3600, 93_784].map(durationText), ['0s', '59s', '1h', '1d 2h'])
  assert.deepEqual([0, 2.5, 20, 25_000, 1e-9].map(shortText), ['0', '2.5', '20', '25k', '1.0e-9'])
  assert.equal(agoText(0, 61_000), '1m ago')
  for (const text of [countText, rateText, bytesText, durationText]) assert.equal(text(undefined), '–')
})

test('a rate is near the truth while messages come, and nothing when they end', () => {
  const meter = new RateMeter()
  for (let time = 0; time <= 30_000; time += 100) meter.add(time)
  assert.ok(Math.abs(meter.at(30_000) - 10) < 0.5)
  assert.equal(meter.at(120_000), 0)
})

test('a counter that begins anew is no loss', () => {
  assert.equal(growth(100, 300, 2000), 100)
  assert.equal(growth(1000, 50, 1000), 50)
  assert.equal(growth(1, 2, 0), 0)
})

test('a series forgets its oldest points', () => {
  const series = new Series(100)
  for (let time = 0; time < 1000; time++) series.add(time, time)
  assert.ok(series.length >= 100 && series.length <= 125)
  assert.equal(series.times[series.length - 1], 999)
  series.dropBefore(990)
  assert.equal(series.length, 10)
  series.dropBefore(5000)
  assert.equal(series.length, 0)
})

test('a sparkline ends at the right edge', () => {
  assert.equal(sparklinePath([1], 100, 10, 5), '')
  assert.equal(sparklinePath([0, 10], 100, 10, 5), 'M75.0 10.0L100.0 0.0')
  assert.equal(sparklinePath([3, 3, 3, 3, 3, 3], 100, 10, 5).split('L').length, 5)
})

test('Topic Filters', () => {
  for (const filter of ['#', '+', 'a/+/b', 'a/#', '/', '$share/group/a/#', '$SYS/#']) {
    assert.equal(topicFilterFault(filter), null, filter)
  }
  for (const filter of ['', 'a#', 'a/#/b', 'a+', '$share//a', '$share/g', '$share/g+/a', 'a\u0000', 'x'.repeat(65_536)]) {
    assert.notEqual(topicFilterFault(filter), null, filter.slice(0, 20))
  }
  for (const topic of ['', 'a/+', '#', 'ü'.repeat(40_000)]) assert.notEqual(topicNameFault(topic), null)
  assert.equal(topicNameFault('home/kitchen'), null)
})

test('matching', () => {
  const rows: [string, string, boolean][] = [
    ['#', 'a/b', true],
    ['#', '$SYS/a', false],
    ['+/a', '$SYS/a', false],
    ['$SYS/#', '$SYS/a', true],
    ['a/#', 'a', true],
    ['a/+', 'a', false],
    ['a/+', 'a/', true],
    ['a/+/c', 'a/b/c', true],
    ['a/b', 'a/b/c', false],
    ['$share/g/a/+', 'a/b', true]
  ]
  for (const [filter, topic, wanted] of rows) assert.equal(matchesFilter(filter, topic), wanted, `${filter} ${topic}`)
})

test('addresses there and back', () => {
  for (const subject of ['', 'a/b', 'ü %2F #?&', '<b>', '\u202e']) {
    assert.deepEqual(parseRoute(routeHash('topics', subject)), { page: 'topics', subject })
  }
  assert.deepEqual(parseRoute('#/nowhere/x'), { page: 'overview', subject: '' })
  assert.deepEqual(parseRoute('#/topics/%E0%A4%A'), { page: 'topics', subject: '' })
})

test('a paused log takes in what comes, and no more than it may hold', () => {
  const log = new MessageLog(10)
  log.add(message('a', '1'))
  log.pause(true)
  for (let i = 0; i < 100; i++) log.add(message('b', String(i)))
  assert.equal(log.search('').length, 1)
  assert.ok(log.waitingCount <= 11)
  log.pause(false)
  assert.equal(log.search('').length, 10)
  assert.equal(log.search('99').length, 1)
  assert.equal(log.received, 101)
})

test('exports can be read by those who wrote the formats', () => {
  const messages = [
    message('a', '1', { properties: { contentType: 'text/plain', userProperties: [{ name: 'k', value: 'v' }] } }),
    message('b', new Uint8Array([0xff]), { retain: true })
  ]
  const list = JSON.parse(exportText(messages, 'json')) as Record<string, unknown>[]
  assert.equal(list[0]?.payload, '1')
  assert.deepEqual(list[0]?.user_properties, [['k', 'v']])
  assert.equal(list[1]?.payload_base64, '/w==')
  const lines = exportText(messages, 'ndjson').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { topic: string }).topic),
    ['a', 'b']
  )
})

test('no cell of a CSV file is a formula', () => {
  const csv = exportText([message('=1+1', '@SUM(A1)'), message('t', '-5.2'), message('q"', 'a,b')], 'csv').split('\r\n')
  assert.ok(csv[1]?.includes(",'=1+1,'@SUM(A1),"))
  assert.ok(csv[2]?.includes(',-5.2,'))
  assert.ok(csv[3]?.includes('"q""","a,b"'))
})

test('properties in the words of MQTT 5', () => {
  const rows = propertyRows({
    messageExpiryInterval: 90,
    correlationBytes: new Uint8Array([0xff, 1]),
    userProperties: [
      { name: 'a', value: '1' },
      { name: 'a', value: '2' }
    ]
  })
  assert.deepEqual(
    rows.map(({ name, text }) => `${name}=${text}`),
    ['Expires in=1m 30s', 'Correlation Data=ff 01', 'a=1', 'a=2']
  )
})

test('times of the API in both forms', () => {
  assert.equal(timeOf('1970-01-01T00:00:01.500Z'), 1500)
  assert.equal(timeOf(1500), 1500)
  assert.equal(timeOf('yesterday'), undefined)
  assert.equal(timeOf(undefined), undefined)
})
