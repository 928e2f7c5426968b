// SPDX-License-Identifier: Apache-2.0
// 10,000 topics and 1,000 messages a second: the tree shows what it has to, and keeps up. How smoothly it moves depends on
// what else the machine does: that is printed, and bounded only with RUNNEL_QUIET=1, for a machine that does nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqtt from 'mqtt'
import { openPage, openWorld, waitInPage } from './world.mjs'

const kTopics = 10_000
const kPerSecond = 1000
const topicOf = (number) => `site ${number % 10}/area ${number % 100}/sensor ${number}/reading`

// The stand-in does the same by itself.
async function flood(world) {
  if (!world.isReal) return async () => {}
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

const rowCount = (page) => page.getByRole('treeitem').count()

test('a large tree under load', async (t) => {
  const world = await openWorld({ flood: true })
  t.after(() => world.close())
  const { page, close } = await openPage(world, '/#/topics')
  const end = await flood(world)
  await page.getByText(/^1\d,\d{3} topics/).waitFor({ timeout: 120_000 })
  await page.getByRole('button', { name: 'Open all' }).click()
  const smoothness = await page.evaluate(scrollThroughTree)
  assert.ok((await rowCount(page)) < 80, `${await rowCount(page)} rows exist, of which a screen shows thirty`)
  await newValuesCome(page)
  await page.getByRole('tree').press('End')
  await waitInPage(page, () => {
    const tree = document.querySelector('[role=tree]')
    return tree.scrollHeight > 100_000 && tree.scrollTop + tree.clientHeight > tree.scrollHeight - 100
  })
  await newValuesCome(page)
  assert.ok((await rowCount(page)) < 80)
  expectSmooth(smoothness)
  await end()
  await close()
})

// Later messages than any that the screen shows now come to be shown.
async function newValuesCome(page) {
  const newest = (after) => {
    const numbers = [...document.querySelector('[role=tree]').innerText.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n))
    return Math.max(...numbers) > after ? Math.max(...numbers) : false
  }
  await waitInPage(page, newest, await waitInPage(page, newest, -1))
}

function expectSmooth({ frames, longest, slow }) {
  console.log(`frames a second: ${frames.toFixed(1)}, longest: ${longest.toFixed(0)} ms, over 50 ms: ${slow}`)
  if (process.env.RUNNEL_QUIET !== '1') return
  assert.ok(frames > 20, `${frames} frames a second`)
  assert.ok(longest < 500, `the page stood still for ${longest} ms`)
}

// In the page: scrolls a little with each of a hundred frames, and measures them.
function scrollThroughTree() {
  const tree = document.querySelector('[role=tree]')
  return new Promise((resolve) => {
    const begin = performance.now()
    const times = [begin]
    const step = (now) => {
      times.push(now)
      tree.scrollTop += 90
      if (times.length <= 100) return requestAnimationFrame(step)
      const gaps = times.slice(1).map((time, index) => time - times[index])
      const frames = (gaps.length * 1000) / (now - begin)
      resolve({ frames, longest: Math.max(...gaps), slow: gaps.filter((gap) => gap > 50).length })
    }
    requestAnimationFrame(step)
  })
}
