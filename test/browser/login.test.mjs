// SPDX-License-Identifier: Apache-2.0
// With users. RUNNEL_LOGIN_URL may name a broker that asks alice (admin) and bob for the password "secret".
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { expectAccessible } from './accessibility.mjs'
import { openPage, openWorld } from './world.mjs'

let world
before(async () => {
  world = await openWorld({ login: true, given: process.env.RUNNEL_LOGIN_URL })
})
after(() => world.close())

async function logIn(page, user, password = 'secret') {
  await page.getByLabel('User').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

// The browser reports each refused request.
const expected = /401|403/

test('a wrong password is told, the right one opens the page, logging out closes it', async () => {
  const { page, close } = await openPage(world, '/#/topics', { expected })
  await page.getByLabel('User').waitFor()
  await expectAccessible(page, 'login')
  await logIn(page, 'alice', 'wrong')
  await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor()
  await logIn(page, 'alice')
  await page.getByRole('heading', { name: 'Topics' }).waitFor()
  await page.getByRole('treeitem').first().waitFor()
  const cookies = await page.context().cookies()
  assert.ok(cookies.length > 0 && cookies.every((cookie) => cookie.httpOnly && cookie.sameSite === 'Strict'))
  assert.equal(await page.evaluate(() => document.cookie), '')
  await page.reload()
  await page.getByRole('treeitem').first().waitFor()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('User').waitFor()
  await close()
})

test('without the admin right the page says what is not shown, and the rest works', async () => {
  const { page, close } = await openPage(world, '/', { expected })
  await logIn(page, 'bob')
  await page.getByText('This needs the admin right').waitFor()
  await page.getByRole('link', { name: 'Clients' }).click()
  await page.getByText('This needs the admin right').waitFor()
  await page.getByRole('link', { name: 'Topics' }).click()
  await page.getByRole('treeitem').first().waitFor()
  await close()
})
