// SPDX-License-Identifier: Apache-2.0
// A broker of this build tree (RUNNEL_BIN), on a free port that takes MQTT and HTTP, with history below home/ and a
// station.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

const kUsers = `
[auth]
anonymous = "never"
password_file = "passwords"

[[access]]
user = "alice"
publish = ["#"]
subscribe = ["#", "$SYS/#"]
admin = true

[[access]]
user = "bob"
publish = ["#"]
subscribe = ["#"]
`

const kStations = `
[[http.station]]
name = "well"
path = "/well"
body = "json"
topic = "home/{station}"
reading = ""
silent_after = "1h"

[[http.station.field]]
from = "/level"
topic = "level"
`

// With `login` it asks alice (admin) and bob for the password "secret".
export async function startBroker({ login = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-browser-'))
  const file = join(folder, 'runnel.toml')
  const passwords = join(folder, 'passwords')
  if (login) {
    const runnelctl = join(dirname(process.env.RUNNEL_BIN), 'runnelctl')
    for (const user of ['alice', 'bob']) execFileSync(runnelctl, ['passwd', passwords, user], { input: 'secret\n' })
  }
  const configure = (port) => {
    const listener = `[[listener]]\nprotocol = "auto"\naddress = "127.0.0.1:${port}"\n`
    const history = '[[history]]\nfilter = "home/#"\nkeep = "1d"\n'
    const users = login ? kUsers.replace('"passwords"', `"${passwords}"`) : kStations
    return writeFile(file, `[broker]\ndata_dir = "${folder}/data"\n\n${listener}\n${history}\n${users}`)
  }
  await configure(0)
  let running = await run(file)
  const { port } = running
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    // Killed, and back on the same port when `whileAway` has ended.
    restart: async (whileAway) => {
      running.broker.kill('SIGKILL')
      await running.exited
      await whileAway()
      await configure(port)
      running = await run(file)
    },
    close: async () => {
      running.broker.kill()
      const [code] = await running.exited
      await rm(folder, { recursive: true })
      if (code !== 0) throw new Error(`the broker ended with ${code}`)
    }
  }
}

async function run(file) {
  const broker = spawn(process.env.RUNNEL_BIN, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(broker, 'exit')
  return { broker, exited, port: await portOf(broker) }
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
