// SPDX-License-Identifier: Apache-2.0
// A broker of this build tree (RUNNEL_BIN), with the default configuration but for a free port, which takes MQTT and HTTP.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

// `more` is TOML that follows, "[[history]]" for instance.
export async function startBroker(more = '') {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-browser-'))
  const file = join(folder, 'runnel.toml')
  const text = `[broker]\ndata_dir = "${folder}/data"\n\n[[listener]]\nprotocol = "auto"\naddress = "127.0.0.1:0"\n\n${more}`
  await writeFile(file, text)
  const broker = spawn(process.env.RUNNEL_BIN, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(broker, 'exit')
  const port = await portOf(broker)
  const close = async () => {
    broker.kill()
    const [code] = await exited
    await rm(folder, { recursive: true })
    if (code !== 0) throw new Error(`the broker ended with ${code}`)
  }
  return { url: `http://127.0.0.1:${port}`, port, close }
}

// From the line "ready". What comes later is read too: a full pipe would hold the broker up.
function portOf(broker) {
  const said = []
  return new Promise((found, failed) => {
    const lines = createInterface({ input: broker.stderr })
    lines.on('line', (line) => {
      const [, port] = / ready .*=127\.0\.0\.1:(\d+)/.exec(line) ?? []
      if (port !== undefined) found(Number(port))
      else if (said.length < 50) said.push(line)
    })
    broker.once('error', failed)
    lines.once('close', () => failed(new Error(`the broker does not start:\n${said.join('\n')}`)))
  })
}
