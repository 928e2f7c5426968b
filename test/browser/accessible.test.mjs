// SPDX-License-Identifier: Apache-2.0
// Every page, at desktop and phone width, in light and dark.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { expectAccessible } from './accessibility.mjs'
import { connectClient, kDesktop, kPhone, openPage, openWorld } from './world.mjs'

let world
before(async () => {
  world = await openWorld()
})
after(() => world.close())

for (const [name, viewport] of [
  ['desktop', kDesktop],
  ['phone', kPhone]
]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`pages are accessible: ${name}, ${colorScheme}`, async () => {
      const client = await connectClient(world)
      await client.publishAsync('test-x/value', '5', { retain: true, qos: 1 })
      const { page, close } = await openPage(world, '/', { viewport, colorScheme })
      await page.locator('.loop').first().waitFor()
      for (const hash of ['#/overview', '#/topics', '#/topics/test-x%2Fvalue', '#/clients', '#/live']) {
        await page.goto(`${world.url}/${hash}`)
        await page.getByRole('heading', { level: 1 }).waitFor()
        if (hash.endsWith('value')) await page.locator('.payload pre').waitFor()
        if (hash === '#/topics') await page.getByRole('treeitem').first().waitFor()
        if (hash === '#/clients') await page.getByRole('row').nth(1).waitFor()
        await expectAccessible(page, hash)
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(wider <= 0, `${hash} is wider than the window by ${wider}`)
      }
      await client.endAsync()
      await close()
    })
  }
}
