// SPDX-License-Identifier: Apache-2.0

const kTimeoutMs = 15_000

// What went wrong, in words that may be shown. Status 0: there was no answer.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter?: number
  ) {
    super(message)
  }

  get unreachable(): boolean {
    return this.status === 0
  }
}

export type Parameters = Record<string, string | number | boolean | undefined>

export interface RequestOptions {
  method?: string
  parameters?: Parameters
  body?: BodyInit
  contentType?: string
  signal?: AbortSignal
}

let unauthorized: () => void = () => {}

// Called whenever an answer says that nobody is logged in any more.
export function onUnauthorized(listener: () => void): void {
  unauthorized = listener
}

export function pathOf(...segments: string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
}

export async function request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await fetchAnswer(path, options)
  if (!response.ok) throw await failureOf(response)
  if (response.status === 204) return undefined as Answer
  try {
    return (await response.json()) as Answer
  } catch {
    throw new ApiError(response.status, 'The broker gave an answer that cannot be read.')
  }
}

async function fetchAnswer(path: string, options: RequestOptions): Promise<Response> {
  const signals = [AbortSignal.timeout(kTimeoutMs), ...(options.signal === undefined ? [] : [options.signal])]
  try {
    return await fetch(path + queryOf(options.parameters), {
      method: options.method ?? 'GET',
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        Accept: 'application/json',
        ...(options.contentType === undefined ? {} : { 'Content-Type': options.contentType })
      },
      signal: anyOf(signals),
      ...(options.body === undefined ? {} : { body: options.body })
    })
  } catch (error) {
    if (options.signal?.aborted === true) throw error
    throw new ApiError(0, 'The broker does not answer.')
  }
}

// AbortSignal.any, which browsers of 2023 lack.
function anyOf(signals: AbortSignal[]): AbortSignal {
  const controller = new AbortController()
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason)
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
  }
  return controller.signal
}

function queryOf(parameters: Parameters = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

const kTitles: Record<number, string> = {
  401: 'A login is needed.',
  403: 'You may not do this.',
  404: 'It is not there any more.',
  429: 'Too many requests. Try again in a while.',
  503: 'The broker is busy or stopping.',
  507: 'The store takes nothing now.'
}

async function failureOf(response: Response): Promise<ApiError> {
  const problem = await response
    .json()
    .then((body: unknown) => (typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}))
    .catch((): Record<string, unknown> => ({}))
  if (response.status === 401) unauthorized()
  const said = [problem.detail, problem.title].find((text) => typeof text === 'string' && text !== '')
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN)
  return new ApiError(
    response.status,
    typeof said === 'string' ? said : (kTitles[response.status] ?? `The broker answered ${response.status}.`),
    Number.isFinite(retryAfter) ? retryAfter : undefined
  )
}
