// SPDX-License-Identifier: Apache-2.0
// Values that look like those of a house, for the stand-in.

const kRooms = ['attic', 'bath', 'bedroom', 'cellar', 'hall', 'kitchen', 'living room', 'office']

// A slow curve with a little noise, the same for the same place and time.
function curve(place, time, middle, swing) {
  const phase = place * 1.7
  return middle + swing * Math.sin(time / 3_600_000 + phase) + (swing / 6) * Math.sin(time / 47_000 + phase * 3)
}

export function startPlant(broker) {
  rememberPast(broker)
  return startValues(broker)
}

// Without a past.
export function startValues(broker) {
  publishFixed(broker)
  return [setInterval(() => publishRooms(broker, Date.now()), 1000), setInterval(() => publishPlant(broker), 250)]
}

function rememberPast(broker) {
  const now = Date.now()
  for (const [place, room] of kRooms.entries()) {
    for (let time = now - 86_400_000; time < now; time += 20_000) {
      const payload = Buffer.from(curve(place, time, 20.5, 2).toFixed(2))
      const topic = `home/${room}/temperature`
      broker.remember({ topic, payload, qos: 0, retain: true, publisher: `zigbee-${place}`, time })
    }
  }
}

function publishFixed(broker) {
  const hostile = '<script>alert(1)</script>'
  const cases = [
    [`hostile/${hostile}`, hostile],
    ['hostile/"><img src=x onerror=alert(1)>', '"><img src=x onerror=alert(1)>'],
    ['hostile/\u202egnp.exe', 'turned around: \u202etxet'],
    ['hostile//', 'levels without a name'],
    ['hostile/' + 'deep/'.repeat(90), 'deep'],
    ['hostile/bytes', Buffer.from([0, 1, 2, 0xff, 0xfe, 0x7f, 65, 66])],
    ['home/meter/settings', JSON.stringify({ interval: 10, unit: 'kWh', tariffs: [{ from: '22:00', price: 0.19 }] })]
  ]
  for (const [topic, payload] of cases) broker.publish({ topic, payload, retain: true, publisher: 'mallory' })
}

function publishRooms(broker, now) {
  for (const [place, room] of kRooms.entries()) {
    const publisher = `zigbee-00${place}`
    const temperature = curve(place, now, 20.5, 2).toFixed(2)
    broker.publish({ topic: `home/${room}/temperature`, payload: temperature, retain: true, publisher })
    if (place % 2 === 0) {
      broker.publish({ topic: `home/${room}/humidity`, payload: curve(place, now, 48, 9).toFixed(0), publisher })
    }
  }
}

function publishPlant(broker) {
  const now = Date.now()
  const power = curve(3, now * 20, 2400, 900)
  const properties = { contentType: 'application/json', userProperties: { unit: 'W', source: 'inverter' } }
  const reading = { power: Math.round(power), voltage: Number(curve(2, now * 9, 231, 2).toFixed(1)), online: true }
  broker.publish({ topic: 'plant/solar/inverter', payload: JSON.stringify(reading), publisher: 'solar-inverter', properties })
  broker.publish({ topic: 'home/meter/power', payload: power.toFixed(0), retain: true, publisher: 'meter-main' })
  broker.publish({ topic: `plant/line ${1 + (now % 3)}/count`, payload: String(now % 100_000), publisher: 'plc' })
}

// 10,000 topics, 1,000 messages a second.
export function startFlood(broker) {
  let next = 0
  const publish = (count) => {
    for (let i = 0; i < count; i++, next++) {
      const topic = next % 10_000
      const payload = JSON.stringify({ n: next, value: Math.round(Math.random() * 1000) / 10 })
      broker.publish({ topic: `site ${topic % 10}/area ${topic % 100}/sensor ${topic}/reading`, payload })
    }
  }
  let last = performance.now()
  publish(10_000)
  return [
    setInterval(() => {
      const now = performance.now()
      publish(Math.round(now - last))
      last = now
    }, 20)
  ]
}
