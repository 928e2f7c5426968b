// SPDX-License-Identifier: Apache-2.0
// The page as the broker itself serves it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openPage, openWorld, waitInPage } from './world.mjs'

let world
before(async () => {
  world = await openWorld()
})
after(() => world.close())

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
