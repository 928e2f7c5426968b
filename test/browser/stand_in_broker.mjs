// SPDX-License-Identifier: Apache-2.0
// As much of an MQTT broker as the dashboard needs, over WebSocket, so that the page can be worked on alone: QoS 0 and 1,
// wildcards, Retained Messages, Retain As Published. The tests that count run against Runnel.
import mqttPacket from 'mqtt-packet'

const V5 = { protocolVersion: 5 }

export function matches(filter, topic) {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  if (topic.startsWith('$') && /^[#+]/.test(filter)) return false
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false
  }
  return wanted.length === levels.length
}

export class StandInBroker {
  connections = new Set()
  retained = new Map()
  history = new Map()
  received = 0
  sent = 0
  bytesReceived = 0
  bytesSent = 0

  // A WebSocket that asked for the subprotocol mqtt.
  accept(socket, address) {
    const connection = {
      socket,
      address,
      clientIdentifier: '',
      subscriptions: new Map(),
      connectedAt: Date.now(),
      lastSeen: Date.now(),
      messagesReceived: 0,
      messagesSent: 0,
      parser: mqttPacket.parser(V5)
    }
    connection.parser.on('packet', (packet) => this.received_packet(connection, packet))
    connection.parser.on('error', () => socket.terminate())
    socket.on('message', (bytes) => {
      this.bytesReceived += bytes.length
      connection.lastSeen = Date.now()
      connection.parser.parse(bytes)
    })
    socket.on('close', () => this.connections.delete(connection))
    socket.on('error', () => {})
  }

  publish({ topic, payload, qos = 0, retain = false, properties = {}, publisher = '' }) {
    const message = { topic, payload: Buffer.from(payload), qos, retain, properties, publisher, time: Date.now() }
    this.received++
    if (retain) this.retain(message)
    if (topic.startsWith('home/')) this.remember(message)
    let matched = 0
    for (const connection of this.connections) {
      for (const [filter, options] of connection.subscriptions) {
        if (!matches(filter, topic)) continue
        matched++
        this.send_message(connection, message, retain && options.rap)
        break
      }
    }
    return matched
  }

  retain(message) {
    if (message.payload.length === 0) this.retained.delete(message.topic)
    else this.retained.set(message.topic, message)
  }

  remember(message) {
    const kept = this.history.get(message.topic) ?? []
    kept.push(message)
    if (kept.length > 20_000) kept.splice(0, 5000)
    this.history.set(message.topic, kept)
  }

  send_message(connection, message, retain) {
    if (connection.socket.bufferedAmount > 16 << 20) return
    this.sent++
    connection.messagesSent++
    const { topic, payload, properties } = message
    this.send(connection, { cmd: 'publish', topic, payload, qos: 0, retain, dup: false, properties })
  }

  send(connection, packet) {
    const bytes = mqttPacket.generate(packet, V5)
    this.bytesSent += bytes.length
    connection.socket.send(bytes)
  }

  received_packet(connection, packet) {
    switch (packet.cmd) {
      case 'connect':
        connection.clientIdentifier = packet.clientId
        this.connections.add(connection)
        return this.send(connection, { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: {} })
      case 'subscribe':
        return this.subscribe(connection, packet)
      case 'unsubscribe':
        for (const filter of packet.unsubscriptions) connection.subscriptions.delete(filter)
        return this.send(connection, {
          cmd: 'unsuback',
          messageId: packet.messageId,
          granted: packet.unsubscriptions.map(() => 0)
        })
      case 'publish':
        connection.messagesReceived++
        this.publish({ ...packet, publisher: connection.clientIdentifier })
        if (packet.qos === 1) this.send(connection, { cmd: 'puback', messageId: packet.messageId, reasonCode: 0 })
        return
      case 'pingreq':
        return this.send(connection, { cmd: 'pingresp' })
      case 'disconnect':
        return connection.socket.close()
    }
  }

  subscribe(connection, packet) {
    this.send(connection, { cmd: 'suback', messageId: packet.messageId, granted: packet.subscriptions.map(() => 0) })
    for (const { topic, rap } of packet.subscriptions) {
      connection.subscriptions.set(topic, { rap })
      for (const message of this.retained.values()) {
        if (matches(topic, message.topic)) this.send_message(connection, message, true)
      }
    }
  }
}
