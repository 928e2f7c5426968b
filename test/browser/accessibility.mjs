// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const kAxe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

// axe-core finds nothing serious. It is put in by the debugger, past the Content Security Policy.
export async function expectAccessible(page, what) {
  await page.evaluate(await readFile(kAxe, 'utf8'))
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  if (serious.length === 0) return
  const told = serious.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`)
  throw new Error(`${what} is not accessible:\n${told.join('\n')}`)
}
