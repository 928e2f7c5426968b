// SPDX-License-Identifier: Apache-2.0
// The page beside other people's clients: what mosquitto_pub says is seen, what the page says reaches mosquitto_sub. With
// RUNNEL_SCREENSHOTS, a folder, the pictures of the README are written there.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { kDesktop, kPhone, openPage, openWorld } from './world.mjs'

let world
before(async () => {
  world = await openWorld()
})
after(() => world.close())

const port = () => new URL(world.url).port

function publish(topic, payload) {
  execFileSync('mosquitto_pub', ['-V', '5', '-p', port(), '-q', '1', '-r', '-t', topic, '-m', payload])
}

// A mosquitto_sub that is subscribed already.
async function subscribe(t, ...options) {
  const command = ['-oL', 'mosquitto_sub', '-V', '5', '-d', '-p', port(), ...options]
  const child = spawn('stdbuf', command, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill())
  let said = ''
  let look = () => {}
  child.stdout.on('data', (bytes) => {
    said += bytes
    look()
  })
  const until = (pattern) =>
    new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error(`mosquitto_sub never said ${pattern}, but: ${said}`)), 60_000)
      look = () => {
        if (!pattern.test(said)) return
        clearTimeout(patience)
        resolve(said)
      }
      look()
    })
  await until(/^Subscribed/m)
  return until
}

const row = (page, name) => page.getByRole('treeitem').filter({ has: page.locator('.name', { hasText: name }) })

test('what mosquitto_pub says is in the tree, and history and live values are one curve', async () => {
  for (const value of ['18.5', '19.5']) publish('home/wine cellar/temperature', value)
  const { page, close } = await openPage(world, '/#/topics')
  await page.getByLabel('Find a topic').fill('wine cellar')
  await row(page, 'temperature').getByText('19.5').waitFor()
  await row(page, 'temperature').click()
  await page.getByRole('img', { name: /now 19.5, between 18.5 and 19.5/ }).waitFor()
  for (const value of ['17.25', '21']) publish('home/wine cellar/temperature', value)
  await page.getByRole('img', { name: /now 21, between 17.25 and 21/ }).waitFor()
  await row(page, 'temperature').getByText('21').waitFor()
  await page.reload()  // Everything from the history now.
  await page.getByRole('img', { name: /now 21, between 17.25 and 21/ }).waitFor()
  await close()
})

test('what the page publishes reaches mosquitto_sub', async (t) => {
  const until = await subscribe(t, '-v', '-t', 'home/garage/#')
  const { page, close } = await openPage(world, '/#/topics/home%2Fgarage%2Fdoor')
  const form = page.getByRole('form', { name: 'Publish' })
  await form.getByLabel('Payload').fill('open please')
  await form.getByRole('button', { name: 'Publish' }).click()
  await until(/^home\/garage\/door open please$/m)
  await form.getByText('Sent to').waitFor()
  await close()
})

test('mosquitto_sub is disconnected from the page', async (t) => {
  const until = await subscribe(t, '-i', 'hall-display', '-t', 'home/#')
  const { page, close } = await openPage(world, '/#/clients', { expected: /404/ })
  await page.getByLabel('Find by name').fill('hall-display')
  await page.getByRole('link', { name: 'hall-display' }).click()
  await page.locator('.facts').getByText('connected').first().waitFor()
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
  await until(/^Received DISCONNECT \(152\)/m)
  await close()
})

test('a station that can only POST is in the tree, and among the devices', async () => {
  const answer = await fetch(`${world.url}/well`, { method: 'POST', body: '{"level": 2.75}' })
  assert.equal(answer.status, 200)
  const { page, close } = await openPage(world, '/#/topics/home%2Fwell%2Flevel')
  await page.getByRole('img', { name: /now 2.75/ }).waitFor()
  await page.goto(`${world.url}/#/clients`)
  const station = page.getByRole('row').filter({ has: page.getByRole('cell', { name: 'well', exact: true }) })
  await station.getByText('online').waitFor()
  await station.getByText('127.0.0.1').waitFor()
  await page.getByLabel('Find by name').fill('somebody else')
  await station.waitFor({ state: 'detached' })
  await page.goto(`${world.url}/#/overview`)
  await station.getByText('online').waitFor()
  await close()
})

for (const [name, hash, viewport, colorScheme] of [
  ['overview', '#/overview', kDesktop, 'light'],
  ['topic', '#/topics/home%2Fmeter%2Fpower', kDesktop, 'dark'],
  ['phone', '#/topics/home%2Fmeter%2Fpower', kPhone, 'light']
]) {
  test(`a house at work: ${name}`, async () => {
    const { page, close } = await openPage(world, `/${hash}`, { viewport, colorScheme })
    if (name === 'overview') {
      await page.getByText('Running').first().waitFor()
      await page.locator('.loop').first().waitFor()
      // Only a picture needs curves.
      if (process.env.RUNNEL_SCREENSHOTS !== undefined) await page.waitForTimeout(20_000)
    } else {
      await page.getByRole('heading', { name: 'home/meter/power' }).waitFor()
      await page.getByRole('img', { name: /now [\d,]+, between [\d,]+ and [\d,]+/ }).waitFor()
      await page.getByText(/ [1-9][\d.]* messages\/s/).waitFor()
    }
    if (process.env.RUNNEL_SCREENSHOTS !== undefined)
      await page.screenshot({ path: join(process.env.RUNNEL_SCREENSHOTS, `${name}.png`), scale: 'css', animations: 'disabled' })
    await close()
  })
}
