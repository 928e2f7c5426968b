// SPDX-License-Identifier: Apache-2.0
// Serves the built dashboard with a made-up plant behind it: node stand_in.mjs [PORT] [DIST]. With --login, alice (admin) and
// bob have to log in, each with the password "secret"; with --flood, 10,000 topics get 1,000 messages a second.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { StandInApi } from './stand_in_api.mjs'
import { StandInBroker } from './stand_in_broker.mjs'
import { startFlood, startPlant } from './stand_in_plant.mjs'

const kTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml'
}
const kUsers = { alice: { password: 'secret', admin: true }, bob: { password: 'secret', admin: false } }
const kDashboard = fileURLToPath(new URL('../../bridges/dashboard/', import.meta.url))

export async function startStandIn({ port = 0, dist = join(kDashboard, 'dist'), login = false, flood = false } = {}) {
  const policy = (await readFile(join(kDashboard, 'content_security_policy.txt'), 'utf8')).trim()
  const broker = new StandInBroker()
  const api = new StandInApi(broker, login ? kUsers : null)
  const server = createServer((request, response) => {
    serve(request, response, { api, dist, policy }).catch((error) => response.writeHead(500).end(String(error)))
  })
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'mqtt' })
  server.on('upgrade', (request, socket, head) => {
    if (api.session_of(request) === null) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (each) => {
      broker.accept(each, `${socket.remoteAddress}:${socket.remotePort}`)
    })
  })
  const timers = flood ? startFlood(broker) : startPlant(broker)
  await new Promise((done) => server.listen(port, '127.0.0.1', done))
  const close = () => {
    timers.forEach(clearInterval)
    for (const each of sockets.clients) each.terminate()
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  }
  return { url: `http://127.0.0.1:${server.address().port}`, port: server.address().port, broker, api, close }
}

async function serve(request, response, { api, dist, policy }) {
  const url = new URL(request.url, 'http://stand-in')
  if (url.pathname.startsWith('/v1/')) {
    const { status, body, headers = {}, type = 'application/json' } = await api.answer(request, url)
    response.writeHead(status, { 'Content-Type': type, ...headers })
    return response.end(body === undefined ? undefined : JSON.stringify(body))
  }
  const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname)
  const bytes = await readFile(join(dist, path)).catch(() => null)
  if (bytes === null) return response.writeHead(404).end()
  response.writeHead(200, {
    'Content-Type': kTypes[extname(path)] ?? 'application/octet-stream',
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff'
  })
  response.end(bytes)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, dist] = process.argv.slice(2).filter((word) => !word.startsWith('--'))
  const login = process.argv.includes('--login')
  const flood = process.argv.includes('--flood')
  const { url } = await startStandIn({ port: Number(port ?? 8080), login, flood, ...(dist ? { dist } : {}) })
  console.log(`ready ${url}`)
}
