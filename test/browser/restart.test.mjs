// SPDX-License-Identifier: Apache-2.0
// The broker is killed and comes back. For one that runs already (RUNNEL_BASE_URL), RUNNEL_STOP and RUNNEL_START are the
// commands for that, and home/# has to be kept as history.
import assert from 'node:assert/strict'
import { execSync } from 'node:child_process'
import { test } from 'node:test'
import { startStandIn } from './stand_in.mjs'
import { connectClient, openPage, openWorld } from './world.mjs'

const kTopic = 'home/test-restart/temperature'

test('the page comes back with the broker, and the chart has no gap', async (t) => {
  const world = await openWorld()
  t.after(() => world.close())
  const { page, close } = await openPage(world, `/#/topics/${encodeURIComponent(kTopic)}`, {
    expected: /ERR_|WebSocket|Failed to load/
  })
  const client = await connectClient(world)
  await page.getByText('No message yet').waitFor()
  await client.publishAsync(kTopic, '10', { qos: 1 })
  await page.getByRole('img', { name: /now 10,/ }).waitFor()
  await client.endAsync()

  const whileAway = async () => {
    await page.getByText('The broker does not answer').waitFor()
    await page.context().setOffline(true)
  }
  const restarted = await restart(world, whileAway)
  t.after(() => restarted?.close())
  // Published while the page is away: only the history can tell it.
  const second = await connectClient(world)
  for (const value of ['50', '20']) await second.publishAsync(kTopic, value, { qos: 1 })
  assert.ok(await page.getByText('The broker does not answer').isVisible())
  await page.context().setOffline(false)
  await page.getByText('The broker does not answer').waitFor({ state: 'detached' })
  await page.getByRole('img', { name: /now 20, between 10 and 50/ }).waitFor()
  await second.publishAsync(kTopic, '30', { qos: 1 })
  await page.getByRole('img', { name: /now 30, between 10 and 50/ }).waitFor()
  assert.equal(await page.locator('.history-state').textContent(), '')
  await second.endAsync()
  await close()
})

async function restart(world, whileAway) {
  if (world.server === null) {
    execSync(process.env.RUNNEL_STOP, { stdio: 'inherit' })
    await whileAway()
    execSync(process.env.RUNNEL_START, { stdio: 'inherit' })
    return null
  }
  if (world.server.isReal) {
    await world.server.restart(whileAway)
    return null
  }
  const { port, broker } = world.server
  await world.server.close()
  await whileAway()
  const dist = process.env.RUNNEL_DASHBOARD_DIST
  const next = await startStandIn({ port, ...(dist ? { dist } : {}) })
  for (const [topic, kept] of broker.history) next.broker.history.set(topic, kept)
  return next
}
