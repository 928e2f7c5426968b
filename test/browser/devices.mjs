// SPDX-License-Identifier: Apache-2.0
// The devices of a house as MQTT clients of a real broker: the values of the stand-in, each from a client of its own.
import mqtt from 'mqtt'
import { startValues } from './stand_in_plant.mjs'

export async function startDevices(url, options) {
  const clients = new Map()
  const clientOf = (name) => {
    if (!clients.has(name)) clients.set(name, mqtt.connect(url, { protocolVersion: 5, clientId: name, ...options }))
    return clients.get(name)
  }
  const timers = startValues({
    publish: ({ topic, payload, publisher, retain = false, properties }) =>
      clientOf(publisher).publish(topic, payload, { retain, properties })
  })
  const all = () => [...clients.values()]
  for (const client of all()) client.on('error', () => {})
  return async () => {
    timers.forEach(clearInterval)
    await Promise.all(all().map((client) => client.endAsync(true)))
  }
}
