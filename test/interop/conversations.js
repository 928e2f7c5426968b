// SPDX-License-Identifier: Apache-2.0
// Conversations of MQTT.js with the broker: node conversations.js NAME HOST PORT VERSION TOPIC [ws]. With ws, over WebSocket.
// Exit code 0 if all went well.
'use strict'

const assert = require('node:assert')
const { once } = require('node:events')
const net = require('node:net')
const mqtt = require('mqtt')

const [name, host, port, version, topic, protocol = 'mqtt'] = process.argv.slice(2)
const deadline = setTimeout(() => fail(new Error('nothing came before the deadline')), 50000)
const opened = []

function fail(error) {
  console.error(error)
  process.exit(1)
}

function versionOptions() {
  if (version === '3') return { protocolId: 'MQIsdp', protocolVersion: 3 }
  return { protocolVersion: Number(version) }
}

async function connect(clientId, options = {}) {
  const client = mqtt.connect({
    protocol, path: '/mqtt', host, port: Number(port), clientId: `${topic}-${clientId}`, reconnectPeriod: 0, ...versionOptions(), ...options
  })
  client.waiting = []
  client.readers = []
  client.on('message', (name, payload, packet) => {
    const reader = client.readers.shift()
    if (reader) reader(packet)
    else client.waiting.push(packet)
  })
  opened.push(client)
  const [connack] = await once(client, 'connect')
  client.connack = connack
  return client
}

function receive(client) {
  if (client.waiting.length > 0) return Promise.resolve(client.waiting.shift())
  return new Promise((resolve) => client.readers.push(resolve))
}

function will(payload) {
  return { will: { topic: `${topic}/will`, payload: Buffer.from(payload), qos: 1, retain: false } }
}

function numbers(count) {
  return Array.from({ length: count }, (_, number) => number)
}

function kept() {
  return version === '5' ? { clean: false, properties: { sessionExpiryInterval: 60 } } : { clean: false }
}

const conversations = {
  async publishAndSubscribe() {
    const [publisher, subscriber] = [await connect('p'), await connect('s')]
    for (const qos of [0, 1, 2]) {
      const granted = await subscriber.subscribeAsync(`${topic}/${qos}/#`, { qos })
      assert.strictEqual(granted[0].qos, qos)
      await publisher.publishAsync(`${topic}/${qos}/a`, `payload ${qos}`, { qos })
      const packet = await receive(subscriber)
      assert.strictEqual(packet.topic, `${topic}/${qos}/a`)
      assert.strictEqual(packet.payload.toString(), `payload ${qos}`)
      assert.strictEqual(packet.qos, qos)
      assert.strictEqual(packet.retain, false)
    }
  },

  async manyInOrder() {
    const [publisher, subscriber] = [await connect('p'), await connect('s')]
    await subscriber.subscribeAsync(topic, { qos: 2 })
    for (const qos of [0, 1, 2]) {
      // In parts, because MQTT.js does not mind how many messages of QoS 2 a broker is ready to take.
      for (let start = 0; start < 300; start += 50) {
        const part = numbers(50).map((number) => `${start + number}`)
        const sent = part.map((payload) => publisher.publishAsync(topic, payload, { qos }))
        for (const payload of part) assert.strictEqual((await receive(subscriber)).payload.toString(), payload)
        await Promise.all(sent)
      }
    }
  },

  async retained() {
    const [publisher, subscriber] = [await connect('p'), await connect('s')]
    await publisher.publishAsync(topic, 'kept', { qos: 1, retain: true })
    await subscriber.subscribeAsync(topic, { qos: 1 })
    const packet = await receive(subscriber)
    assert.strictEqual(packet.payload.toString(), 'kept')
    assert.strictEqual(packet.retain, true)
    await publisher.publishAsync(topic, '', { qos: 1, retain: true })
    assert.strictEqual((await receive(subscriber)).payload.length, 0)
    const later = await connect('l')
    await later.subscribeAsync(topic, { qos: 1 })
    await publisher.publishAsync(topic, 'live', { qos: 1 })
    assert.strictEqual((await receive(later)).payload.toString(), 'live')
  },

  async will() {
    const watcher = await connect('w')
    await watcher.subscribeAsync(`${topic}/will`, { qos: 1 })
    const dying = await connect('d', will('gone'))
    dying.stream.destroy()
    assert.strictEqual((await receive(watcher)).payload.toString(), 'gone')
    const leaving = await connect('e', will('never'))
    await leaving.endAsync()
    await watcher.publishAsync(`${topic}/will`, 'marker', { qos: 1 })
    assert.strictEqual((await receive(watcher)).payload.toString(), 'marker')
  },

  async session() {
    const away = await connect('away', kept())
    await away.subscribeAsync(topic, { qos: 2 })
    await away.endAsync()
    const publisher = await connect('p')
    for (const number of numbers(20)) await publisher.publishAsync(topic, `${number}`, { qos: 1 + number % 2 })
    const back = mqtt.connect({
      protocol, path: '/mqtt', host, port: Number(port), clientId: `${topic}-away`, reconnectPeriod: 0, ...versionOptions(), ...kept()
    })
    opened.push(back)
    const received = []
    back.on('message', (name, payload) => received.push(Number(payload.toString())))
    const [connack] = await once(back, 'connect')
    if (version !== '3') assert.strictEqual(connack.sessionPresent, true)
    while (received.length < 20) await once(back, 'message')
    for (const rest of [0, 1]) { // In order for each QoS: MQTT.js shows QoS 2 at the end of its exchange.
      const wanted = numbers(20).filter((number) => number % 2 === rest)
      assert.deepStrictEqual(received.filter((number) => number % 2 === rest), wanted)
    }
  },

  async keepAlive() {
    const one = await connect('k', { keepalive: 2 })
    let closed = false
    one.on('close', () => { closed = true })
    // A connection with the same Keep Alive that stays silent: when it is closed, one and a half periods have passed.
    const silent = net.connect(Number(port), host)
    silent.write(Buffer.from('100d00044d5154540402000200017e', 'hex'))
    silent.resume()
    await once(silent, 'close')
    assert.strictEqual(closed, false)
    await one.subscribeAsync(topic, { qos: 1 })
  },

  async large() {
    const one = await connect('p')
    await one.subscribeAsync(topic, { qos: 2 })
    const payload = Buffer.alloc(1000000, 'x')
    await one.publishAsync(topic, payload, { qos: 2 })
    assert.ok((await receive(one)).payload.equals(payload))
  },

  async refusedFilter() {
    const one = await connect('p')
    await assert.rejects(one.subscribeAsync(`${topic}/a#/b`, { qos: 1 }))
    await one.subscribeAsync(`${topic}/a`, { qos: 1 })
  },

  async properties() {
    const [publisher, subscriber] = [await connect('p'), await connect('s')]
    await subscriber.subscribeAsync(topic, { qos: 1, rap: true, properties: { subscriptionIdentifier: 77 } })
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 100,
      contentType: 'text/plain',
      responseTopic: `${topic}/answer`,
      correlationData: Buffer.from([0, 255, 17]), userProperties: { a: ['1', '2'], b: '3' }
    }
    await publisher.publishAsync(topic, 'x', { qos: 1, retain: true, properties })
    const packet = await receive(subscriber)
    assert.strictEqual(packet.retain, true)
    assert.strictEqual(packet.properties.contentType, 'text/plain')
    assert.strictEqual(packet.properties.responseTopic, `${topic}/answer`)
    assert.ok(packet.properties.correlationData.equals(properties.correlationData))
    assert.strictEqual(packet.properties.payloadFormatIndicator, true)
    assert.ok(packet.properties.messageExpiryInterval >= 99)
    assert.deepStrictEqual({ ...packet.properties.userProperties }, properties.userProperties)
    assert.deepStrictEqual([packet.properties.subscriptionIdentifier].flat(), [77])
  },

  async topicAliases() {
    const publisher = await connect('p', { autoUseTopicAlias: true, autoAssignTopicAlias: true })
    const subscriber = await connect('s', { properties: { topicAliasMaximum: 5 } })
    await subscriber.subscribeAsync(`${topic}/#`, { qos: 1 })
    for (let number = 0; number < 100; ++number) {
      const name = `${topic}/a name that is long enough for an alias/${number * 7 % 9}`
      await publisher.publishAsync(name, `${number}`, { qos: number % 2 })
      const packet = await receive(subscriber)
      assert.strictEqual(packet.payload.toString(), `${number}`)
      assert.strictEqual(packet.topic || name, name)
    }
  },

  async receiveMaximum() {
    const [publisher, subscriber] = [await connect('p'), await connect('s', { properties: { receiveMaximum: 2 } })]
    await subscriber.subscribeAsync(topic, { qos: 2 })
    const sent = numbers(100).map((number) => publisher.publishAsync(topic, `${number}`, { qos: 1 + number % 2 }))
    const received = []
    for (const _ of sent) received.push((await receive(subscriber)).payload.toString())
    await Promise.all(sent)
    assert.strictEqual(new Set(received).size, 100)
  },

  async sharedSubscription() {
    const publisher = await connect('p')
    const members = [await connect('a'), await connect('b')]
    for (const member of members) await member.subscribeAsync(`$share/g/${topic}`, { qos: 1 })
    for (const number of numbers(20)) await publisher.publishAsync(topic, `${number}`, { qos: 1 })
    const received = []
    for (const member of members) {
      for (const _ of numbers(10)) received.push(Number((await receive(member)).payload.toString()))
    }
    assert.deepStrictEqual(received.sort((a, b) => a - b), numbers(20))
  },

  async takenOver() {
    const first = await connect('same')
    const said = once(first, 'disconnect')
    const second = await connect('same')
    assert.strictEqual((await said)[0].reasonCode, 0x8e)
    await second.subscribeAsync(topic, { qos: 1 })
  },

  async reconnect() {
    const one = await connect('r', { reconnectPeriod: 200 })
    await one.subscribeAsync(topic, { qos: 1 })
    console.log('connected')
    await once(one, 'connect')
    const again = once(one, 'message')
    await one.publishAsync(topic, 'back', { qos: 1 })
    await again
  }
}

conversations[name]().then(async () => {
  clearTimeout(deadline)
  await Promise.all(opened.map((client) => client.endAsync(true)))
}).catch(fail)
