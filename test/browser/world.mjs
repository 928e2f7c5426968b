// SPDX-License-Identifier: Apache-2.0
// What the tests of the page run against. RUNNEL_BASE_URL names a broker that is there already (with RUNNEL_MQTT_URL for
// publishing by MQTT, if that is elsewhere than /mqtt); else RUNNEL_BIN is a broker that is started, with devices that
// publish; without either the stand-in is started.
import { chromium } from 'playwright-core'
import mqtt from 'mqtt'
import { startDevices } from './devices.mjs'
import { startBroker } from './real_broker.mjs'
import { startStandIn } from './stand_in.mjs'

const kChromium = process.env.RUNNEL_CHROMIUM ?? '/usr/bin/chromium'
// Chromium asks for nothing that is not on this machine.
const kSwitches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

export const kDesktop = { width: 1280, height: 800 }
export const kPhone = { width: 390, height: 844 }

async function startServer({ login = false, flood = false }) {
  if (process.env.RUNNEL_BIN === undefined) {
    const dist = process.env.RUNNEL_DASHBOARD_DIST
    return startStandIn({ ...(dist ? { dist } : {}), login, flood })
  }
  const broker = await startBroker({ login })
  const endDevices = flood ? async () => {} : await startDevices(mqttUrlOf(broker.url), login ? kAlice : {})
  return { ...broker, isReal: true, close: () => endDevices().then(broker.close) }
}

const mqttUrlOf = (url) => url.replace(/^http/, 'ws') + '/mqtt'
const kAlice = { username: 'alice', password: 'secret' }

export async function openWorld({ given = process.env.RUNNEL_BASE_URL, login = false, flood = false } = {}) {
  const server = given === undefined ? await startServer({ login, flood }) : null
  const url = given ?? server.url
  const browser = await chromium.launch({ executablePath: kChromium, args: kSwitches })
  const world = {
    url,
    mqttUrl: process.env.RUNNEL_MQTT_URL ?? mqttUrlOf(url),
    server,
    isReal: server === null || server.isReal === true,
    credentials: login ? kAlice : {},
    browser,
    close: async () => {
      await browser.close()
      await server?.close()
    }
  }
  return world
}

// A new browser window, whose errors, and breaches of the Content Security Policy above all, fail the test at its end.
export async function openPage(world, path = '/', { viewport = kDesktop, colorScheme = 'light', expected = /^$/ } = {}) {
  const context = await world.browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  // A machine with much else to do is slow, not wrong.
  page.setDefaultTimeout(90_000)
  const faults = []
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected.test(message.text())) faults.push(message.text())
  })
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    dialog.dismiss().catch(() => {})
  })
  await page.goto(world.url + path)
  const close = async () => {
    await context.close()
    if (faults.length > 0) throw new Error(`the page reported:\n${faults.join('\n')}`)
  }
  return { page, close }
}

// Until this function, called in the page, says something that is true. (Playwright's own waitForFunction evaluates text in
// the page, which its Content Security Policy refuses.)
export async function waitInPage(page, condition, given) {
  for (const end = Date.now() + 90_000; Date.now() < end; ) {
    const found = await page.evaluate(condition, given)
    if (found) return found
    await new Promise((later) => setTimeout(later, 50))
  }
  throw new Error(`never true: ${condition}`)
}

// An MQTT client beside the page.
export async function connectClient(world, options = {}) {
  return mqtt.connectAsync(world.mqttUrl, { protocolVersion: 5, reconnectPeriod: 0, ...world.credentials, ...options })
}

export function nextMessage(client) {
  return new Promise((resolve) => {
    client.once('message', (topic, payload, packet) => resolve({ topic, payload: payload.toString(), packet }))
  })
}
