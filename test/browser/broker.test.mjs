// SPDX-License-Identifier: Apache-2.0
// The page as the broker itself serves it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBroker } from './real_broker.mjs'
import { connectClient, openPage, openWorld, waitInPage } from './world.mjs'

let broker
let world
before(async () => {
  broker = await startBroker('[[history]]\nfilter = "home/#"\nkeep = "1d"\n')
  world = await openWorld({ given: broker.url })
})
after(async () => {
  await world?.close()
  await broker?.close()
})

// A path that the broker does not have; a breach of the policy is not among these.
const expected = /Failed to load resource/

test('the page comes from the broker, whole, and under its policy', async () => {
  const { page, close } = await openPage(world, '/', { expected })
  const answers = []
  page.on('response', (answer) => answers.push(answer))
  const first = await page.reload()
  assert.ok((await first.headerValue('content-security-policy')).startsWith("default-src 'none'; script-src 'self'; "))
  await page.locator('#root > *').first().waitFor()
  await waitInPage(page, () => document.getElementById('root').textContent !== '')
  const files = answers.filter((answer) => !new URL(answer.url()).pathname.startsWith('/v1/'))
  assert.ok(files.length >= 4)
  for (const answer of files) assert.ok([200, 304].includes(answer.status()), `${answer.status()} ${answer.url()}`)
  await close()
})

test('a breach of the policy is refused and seen', async () => {
  const { page, close } = await openPage(world, '/', { expected: /Content Security Policy|Failed to load resource/ })
  await page.locator('#root > *').first().waitFor()
  const refused = await page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective))
        document.body.append(Object.assign(document.createElement('img'), { src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' }))
      })
  )
  assert.equal(refused, 'img-src')
  await close()
})

test('a second visit asks for the page and for nothing that names its content', async () => {
  const { page, close } = await openPage(world, '/', { expected })
  await page.locator('#root > *').first().waitFor()
  const tag = (await page.request.get(`${world.url}/`)).headers().etag
  const again = await page.request.get(`${world.url}/`, { headers: { 'If-None-Match': tag } })
  assert.equal(again.status(), 304)
  const script = await page.locator('script[type=module]').getAttribute('src')
  const headers = (await page.request.get(world.url + script)).headers()
  assert.equal(headers['content-encoding'], 'gzip')
  assert.match(headers['cache-control'], /immutable/)
  await close()
})

test('MQTT over WebSocket is within the policy', async () => {
  const { page, close } = await openPage(world, '/', { expected })
  const protocol = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/mqtt`, 'mqtt')
        socket.onopen = () => resolve(socket.protocol)
        socket.onerror = () => reject(new Error('refused'))
      })
  )
  assert.equal(protocol, 'mqtt')
  await close()
})

test('what a device says is in the tree and on its page, and the device among the clients', async () => {
  const device = await connectClient(world, { clientId: 'kitchen-sensor' })
  for (const value of ['20.5', '21.5']) await device.publishAsync('home/kitchen/temperature', value, { qos: 1, retain: true })
  const { page, close } = await openPage(world, '/#/topics')
  const row = page.getByRole('treeitem').filter({ has: page.locator('.name', { hasText: 'temperature' }) })
  await row.getByText('21.5').waitFor()
  await row.click()
  await page.locator('canvas').first().waitFor()
  await device.publishAsync('home/kitchen/temperature', '22.5', { qos: 1, retain: true })
  await row.getByText('22.5').waitFor()
  await page.goto(`${world.url}/#/clients`)
  await page.getByText('kitchen-sensor').first().waitFor()
  await device.endAsync()
  await close()
})
