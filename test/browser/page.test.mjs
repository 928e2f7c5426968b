// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connectClient, nextMessage, openPage, openWorld, waitInPage } from './world.mjs'

const kHostile = [
  ['<script>window.attacked=1</script>', '<script>window.attacked=1</script>'],
  ['"><img src=x onerror=window.attacked=1>', '"><img src=x onerror=window.attacked=1>'],
  ['javascript:window.attacked=1', '{{constructor.constructor("window.attacked=1")()}}'],
  ['\u202eexe.gnp', '\u202eturned'],
  ['__proto__', '{"__proto__":{"polluted":1}}'],
  ['$like', '$' + 'long '.repeat(5_000)],
  ['long'.repeat(500), 'a long name']
]

let world
before(async () => {
  world = await openWorld()
})
after(() => world.close())

const row = (page, name) => page.getByRole('treeitem').filter({ has: page.locator('.name', { hasText: name }) })

describe('Overview', () => {
  test('shows what the broker does', async () => {
    const { page, close } = await openPage(world)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.getByText('Running').first().waitFor()
    const connections = page.locator('.tile', { hasText: 'Connections' }).locator('.figure')
    await connections.filter({ hasText: /^\d/ }).waitFor()
    await page.locator('.loop').first().waitFor()
    await close()
  })

  test('nothing moves while values come', async () => {
    const { page, close } = await openPage(world)
    await page.locator('.loop').first().waitFor()
    const shift = await page.evaluate(
      () =>
        new Promise((resolve) => {
          let sum = 0
          const observer = new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value
          })
          observer.observe({ type: 'layout-shift', buffered: true })
          setTimeout(() => resolve(sum), 3000)
        })
    )
    assert.ok(shift < 0.1, `the page moved by ${shift}`)
    await close()
  })
})

describe('Topics', () => {
  test('a message appears in the tree, and its value on the chart', async () => {
    const { page, close } = await openPage(world, '/#/topics')
    await page.getByRole('tree').waitFor()
    const client = await connectClient(world)
    await client.publishAsync('test-a/kettle', '20.5')
    await page.getByLabel('Find a topic').fill('kettle')
    await row(page, 'kettle').getByText('20.5').waitFor()
    await row(page, 'kettle').click()
    await page.getByRole('heading', { name: 'test-a/kettle' }).waitFor()
    for (const value of ['21.25', '22.75']) await client.publishAsync('test-a/kettle', value)
    await page.locator('.payload pre', { hasText: '22.75' }).waitFor()
    await page.getByRole('img', { name: /now 22.75, between 21.25 and 22.75/ }).waitFor()
    await client.endAsync()
    await close()
  })

  test('a retained flag comes and goes, and can be cleared from the page', async () => {
    const client = await connectClient(world)
    await client.publishAsync('test-b/lamp', 'on', { retain: true, qos: 1 })
    const { page, close } = await openPage(world, '/#/topics/test-b%2Flamp')
    await page.getByRole('button', { name: 'Clear retained' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Clear' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Clear retained' }).waitFor({ state: 'detached' })
    await page.getByText('(empty)').first().waitFor()
    await client.endAsync()
    await close()
  })

  test('the page publishes', async () => {
    const client = await connectClient(world)
    await client.subscribeAsync('test-c/#')
    const came = nextMessage(client)
    const { page, close } = await openPage(world, '/#/topics/test-c%2Fdoor')
    const form = page.getByRole('form', { name: 'Publish' })
    await form.getByLabel('Payload').fill('open ü')
    await form.getByRole('button', { name: 'Publish' }).click()
    assert.deepEqual([(await came).topic, (await came).payload], ['test-c/door', 'open ü'])
    await form.getByText(/Sent to \d+ subscriptions?/).waitFor()
    await form.getByLabel('Topic').fill('with/+/wildcard')
    assert.ok(await form.getByRole('button', { name: 'Publish' }).isDisabled())
    await client.endAsync()
    await close()
  })

  test('JSON is laid out, its numbers can be chosen, bytes are shown as bytes', async () => {
    const { page, close } = await openPage(world, '/#/topics')
    await page.getByRole('tree').waitFor()
    const client = await connectClient(world)
    await client.publishAsync('test-d/json', '{"wind":{"speed":3.5},"gust":7}')
    await client.publishAsync('test-d/bytes', Buffer.from([0, 1, 0xff]))
    await page.getByLabel('Find a topic').fill('test-d')
    await row(page, 'json').click()
    await page.locator('.payload pre', { hasText: '"speed": 3.5' }).waitFor()
    await page.getByLabel('Value within the payload').selectOption('gust')
    await client.publishAsync('test-d/json', '{"wind":{"speed":4},"gust":8}')
    await page.getByRole('img', { name: /now 8/ }).waitFor()
    await row(page, 'bytes').click()
    await page.locator('.payload pre', { hasText: '00 01 ff' }).waitFor()
    await client.endAsync()
    await close()
  })

  test('keys are enough', async () => {
    const client = await connectClient(world)
    for (const topic of ['test-e/x/one', 'test-e/x/two']) await client.publishAsync(topic, '1', { retain: true, qos: 1 })
    const { page, close } = await openPage(world, '/#/topics')
    await page.getByRole('tree').waitFor()
    await page.getByRole('button', { name: 'Close all' }).click()
    await row(page, 'test-e').click()
    await page.getByRole('tree').focus()
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
    await page.getByRole('heading', { name: /^test-e\/x\/(one|two)$/ }).waitFor()
    const active = await page.getByRole('tree').getAttribute('aria-activedescendant')
    assert.equal(await page.locator(`#${active}`).getAttribute('aria-selected'), 'true')
    await client.endAsync()
    await close()
  })
})

describe('hostile text', () => {
  test('stays text on every page', async () => {
    const client = await connectClient(world, { clientId: '<img src=x onerror=window.attacked=1>' })
    for (const [topic, payload] of kHostile) {
      await client.publishAsync(`test-h/${topic}`, payload, { retain: true, qos: 1, properties: { contentType: topic } })
    }
    const { page, close } = await openPage(world, '/#/topics')
    await page.getByLabel('Find a topic').fill('test-h')
    await row(page, '<script>').waitFor()
    for (const [topic] of kHostile) {
      await page.goto(`${world.url}/#/topics/${encodeURIComponent(`test-h/${topic}`)}`)
      await page.locator('.payload pre').waitFor()
    }
    await page.getByText('\u2039202E\u203aexe.gnp').first().waitFor()
    await page.goto(`${world.url}/#/clients`)
    await page.getByLabel('Find by name').fill('<img')
    await page.getByRole('link', { name: '<img src=x onerror=window.attacked=1>' }).click()
    await page.getByRole('heading', { name: '<img src=x onerror=window.attacked=1>' }).waitFor()
    const turned = await connectClient(world, { clientId: '\u202egnp.exe ' + 'x'.repeat(1_000) })
    await page.goto(`${world.url}/#/clients`)
    await page.getByLabel('Find by name').fill('gnp.exe')
    await page.getByText('\u2039202E\u203agnp.exe').first().waitFor()
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(wider <= 0, `a long name makes the page wider by ${wider}`)
    await turned.endAsync()
    await page.goto(`${world.url}/#/live`)
    await page.getByLabel('Topic Filter').fill('test-h/#')
    await page.getByRole('button', { name: 'Subscribe' }).click()
    await page.getByRole('option').filter({ hasText: '<script>' }).first().click()
    assert.equal(await page.evaluate(() => window.attacked ?? {}.polluted), undefined)
    assert.equal(await page.locator('img').count(), 0)
    for (const [topic] of kHostile) await client.publishAsync(`test-h/${topic}`, '', { retain: true, qos: 1 })
    await client.endAsync()
    await close()
  })
})

describe('Clients', () => {
  test('a client is listed, looked at, and disconnected', async () => {
    const client = await connectClient(world, { clientId: 'test-client-k' })
    await client.subscribeAsync('test-k/+/x')
    const ended = new Promise((resolve) => client.once('close', resolve))
    const { page, close } = await openPage(world, '/#/clients', { expected: /404/ })
    await page.getByLabel('Find by name').fill('test-client')
    await page.getByRole('link', { name: 'test-client-k' }).click()
    await page.getByText('test-k/+/x').waitFor()
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
    await ended
    await page.getByText('This client is gone').or(page.locator('.facts').getByText('away')).waitFor()
    await close()
  })
})

describe('Live', () => {
  test('messages come, can be paused, found and exported', async () => {
    const { page, close } = await openPage(world, '/#/live')
    await page.getByLabel('Topic Filter').fill('test-l/#')
    await page.getByLabel('QoS').selectOption('1')
    await page.getByRole('button', { name: 'Subscribe' }).click()
    const client = await connectClient(world)
    const options = page.getByRole('option').filter({ has: page.locator('.topic') })
    // The subscription is there once a message has come.
    for (let i = 0; (await options.count()) === 0 && i < 100; i++) {
      await client.publishAsync('test-l/a', 'first', { qos: 1, properties: { userProperties: { room: 'hall' } } })
      await page.waitForTimeout(50)
    }
    await options.first().click()
    await page.getByText('hall').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    const before = await options.count()
    await client.publishAsync('test-l/b', 'second')
    await page.getByRole('button', { name: 'Go on (1)' }).waitFor()
    assert.equal(await options.count(), before)
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByLabel('Find in topics').fill('SECOND')
    await waitInPage(page, () => document.querySelectorAll('.log-row').length === 1)
    const download = page.waitForEvent('download')
    await page.getByLabel('Export').selectOption('ndjson')
    const text = await (await download).createReadStream().then(read)
    assert.equal(JSON.parse(text).topic, 'test-l/b')
    await page.getByRole('button', { name: 'Unsubscribe from test-l/#' }).click()
    await client.endAsync()
    await close()
  })
})

async function read(stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString()
}
