// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  base64Bytes,
  bytesBase64,
  hexDump,
  payloadKind,
  payloadPreview,
  prettyJson,
  visibleLines,
  visibleText
} from '../src/model/payload_text'
import { kWholePayload, payloadNumbers } from '../src/model/payload_numbers'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('kinds of payload', () => {
  assert.equal(payloadKind(bytes('')), 'empty')
  assert.equal(payloadKind(bytes('21.5')), 'text')
  assert.equal(payloadKind(bytes(' {"a": 1}')), 'json')
  assert.equal(payloadKind(bytes('{not json')), 'text')
  assert.equal(payloadKind(bytes('a\tb\r\nc')), 'text')
  assert.equal(payloadKind(new Uint8Array([0xff, 0xfe])), 'binary')
  assert.equal(payloadKind(new Uint8Array([65, 0, 66])), 'binary')
})

test('JSON is laid out and its numbers stay as they were written', () => {
  assert.equal(prettyJson('{"a":1.10,"b":[1,2],"c":{},"d":[]}'), '{\n  "a": 1.10,\n  "b": [\n    1,\n    2\n  ],\n  "c": {},\n  "d": []\n}')
  assert.equal(prettyJson('{"big":12345678901234567890}'), '{\n  "big": 12345678901234567890\n}')
  assert.equal(prettyJson('"a { b"'), '"a { b"')
  assert.equal(prettyJson('{"q":"a\\"{,:"}'), '{\n  "q": "a\\"{,:"\n}')
  assert.equal(prettyJson('{broken'), '{broken')
})

test('laying JSON out changes white space only', () => {
  const text = '{"a":[{"b":[[],{}]},null,true,"x y"],"c":-1.5e-7}'
  assert.deepEqual(JSON.parse(prettyJson(text)), JSON.parse(text))
})

test('bytes as rows of sixteen', () => {
  const rows = hexDump(bytes('0123456789abcdef\u0001!'), 1000).split('\n')
  assert.equal(rows[0], '000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef')
  assert.ok(rows[1]?.startsWith('000010  01 21 '))
  assert.ok(rows[1]?.endsWith('.!'))
  assert.equal(hexDump(new Uint8Array(1000), 32).split('\n').length, 2)
})

test('what hides or turns text around is made visible', () => {
  assert.equal(visibleText('a\u0000b\u001b[31m'), 'a\u2400b\u241b[31m')
  assert.equal(visibleText('\u202egnp.exe'), '\u2039202E\u203agnp.exe')
  assert.equal(visibleText('zero\u200bwidth'), 'zero\u2039200B\u203awidth')
  assert.equal(visibleText('Grüße 世界 🌍'), 'Grüße 世界 🌍')
  assert.equal(visibleLines('a\r\nb\tc\u0007'), 'a\nb\tc\u2407')
})

test('a preview is one short line', () => {
  assert.equal(payloadPreview(bytes(''), 10), '')
  assert.equal(payloadPreview(bytes('a\n  b'), 10), 'a b')
  assert.equal(payloadPreview(bytes('x'.repeat(100)), 10), 'xxxxxxxxxx\u2026')
  assert.equal(payloadPreview(bytes('ü'.repeat(100_000)), 10), 'üüüüüüüüüü\u2026')
  assert.equal(payloadPreview(new Uint8Array([0xff, 0x00]), 10), 'ff 00')
})

test('base64 there and back', () => {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index)
  assert.deepEqual(base64Bytes(bytesBase64(all)), all)
})

test('numbers of a payload, by their paths', () => {
  assert.deepEqual([...payloadNumbers(bytes(' 21.5 '))], [[kWholePayload, 21.5]])
  assert.deepEqual([...payloadNumbers(bytes('true'))], [[kWholePayload, 1]])
  assert.deepEqual(
    [...payloadNumbers(bytes('{"wind":{"speed":3,"name":"n"},"on":false,"list":[1,"2"]}'))],
    [
      ['wind.speed', 3],
      ['on', 0],
      ['list.0', 1]
    ]
  )
  for (const text of ['', '0x10', 'Infinity', '1,5', '12 W', '{broken', 'null']) {
    assert.equal(payloadNumbers(bytes(text)).size, 0, text)
  }
  assert.ok(payloadNumbers(bytes(`[${'1,'.repeat(10_000)}1]`)).size <= 50)
  assert.equal(payloadNumbers(bytes('['.repeat(5000) + ']'.repeat(5000))).size, 0)
})
