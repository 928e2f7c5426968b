// SPDX-License-Identifier: Apache-2.0
// 10,000 topics and 1,000 messages a second: the tree scrolls and keeps up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqtt from 'mqtt'
import { openPage, openWorld } from './world.mjs'

const kTopics = 10_000
const kPerSecond = 1000
const topicOf = (number) => `site ${number % 10}/area ${number % 100}/sensor ${number}/reading`

// Beside the stand-in, whose own flood does the same.
async function flood(world) {
  if (world.server !== null) return async () => {}
  const client = await mqtt.connectAsync(world.mqttUrl, { protocolVersion: 5 })
  let next = 0
  const publish = (count) => {
    for (let i = 0; i < count; i++, next++) client.publish(topicOf(next % kTopics), JSON.stringify({ n: next }))
  }
  publish(kTopics)
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    publish(Math.round(((now - last) * kPerSecond) / 1000))
    last = now
  }, 20)
  return async () => {
    clearInterval(timer)
    await client.endAsync()
  }
}

test('the tree stays smooth', async (t) => {
  const world = await openWorld({ flood: true })
  t.after(() => world.close())
  const { page, close } = await openPage(world, '/#/topics')
  const end = await flood(world)
  await page.getByText(/^1\d,\d{3} topics/).waitFor({ timeout: 40_000 })
  await page.getByRole('button', { name: 'Open all' }).click()
  const rows = await page.getByRole('treeitem').count()
  assert.ok(rows < 80, `${rows} rows exist, of which a screen shows thirty`)
  const { frames, longest, slow } = await page.evaluate(scrollThroughTree)
  console.log(`frames a second: ${frames.toFixed(1)}, longest: ${longest.toFixed(0)} ms, over 50 ms: ${slow}`)
  const rate = await page.getByText(/messages\/s/).textContent()
  assert.ok(Number(/([\d,]+)[.\d]* messages\/s/.exec(rate)[1].replace(',', '')) > 700, rate)
  assert.ok(frames > 20, `${frames} frames a second`)
  assert.ok(longest < 500, `the page stood still for ${longest} ms`)
  await end()
  await close()
})

// In the page: scrolls a little with every frame for four seconds, and measures the frames.
function scrollThroughTree() {
  const tree = document.querySelector('[role=tree]')
  return new Promise((resolve) => {
    const begin = performance.now()
    let last = begin
    let frames = 0
    let longest = 0
    let slow = 0
    const step = (now) => {
      longest = Math.max(longest, now - last)
      if (now - last > 50) slow++
      last = now
      frames++
      tree.scrollTop += 90
      if (now - begin < 4000) requestAnimationFrame(step)
      else resolve({ frames: (frames * 1000) / (now - begin), longest, slow })
    }
    requestAnimationFrame(step)
  })
}
