import { describe, expect, test } from 'bun:test'
import { type BodySource, ResponseBody } from '../../../../app/upstream/http/body.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const text = (read: Uint8Array | undefined): string => Buffer.from(read ?? []).toString()

function createSource(): BodySource & { readonly calls: string[] } {
  const calls: string[] = []
  return {
    calls,
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    cancel: () => void calls.push('cancel'),
  }
}

function createBody() {
  const source = createSource()
  return { source, body: new ResponseBody(source) }
}

describe('a body read as a stream', () => {
  test('hands on what waits in one piece, then what comes, then ends', async () => {
    const { body } = createBody()
    body.push(bytes('a'))
    body.push(bytes('b'))
    const reader = body.stream().getReader()
    expect(text((await reader.read()).value)).toBe('ab')
    const pending = reader.read()
    await Promise.resolve()
    body.push(bytes('c'))
    body.push(bytes('d'))
    body.push(bytes('e'))
    body.end()
    expect(text((await pending).value)).toBe('c')
    expect(text((await reader.read()).value)).toBe('de')
    expect((await reader.read()).done).toBe(true)
  })

  test('holds the connection back when nobody reads, and lets go when somebody does', async () => {
    const { body, source } = createBody()
    const reader = body.stream().getReader()
    body.push(new Uint8Array(60_000))
    expect(source.calls).toEqual([])
    body.push(new Uint8Array(10_000))
    body.push(new Uint8Array(10_000))
    expect(source.calls).toEqual(['pause'])
    expect((await reader.read()).value?.length).toBe(80_000)
    expect(source.calls).toEqual(['pause', 'resume'])
  })

  test('holds the connection back after few tiny pieces, too', () => {
    const { body, source } = createBody()
    for (let i = 0; i < 300; i++) body.push(new Uint8Array(1))
    expect(source.calls).toEqual(['pause'])
  })

  test('gives what came before a failure, then the failure', async () => {
    const { body } = createBody()
    body.push(bytes('last words'))
    body.fail(new Error('broken'))
    const reader = body.stream().getReader()
    expect(text((await reader.read()).value)).toBe('last words')
    expect(reader.read()).rejects.toThrow('broken')
  })

  test('gives nothing more after an abort, whoever waits', async () => {
    const { body } = createBody()
    const waiting = createBody().body
    body.push(bytes('a'))
    const reader = body.stream().getReader()
    const pending = waiting.stream().getReader().read()
    body.abort(new Error('enough'))
    waiting.abort(new Error('enough'))
    expect(reader.read()).rejects.toThrow('enough')
    expect(pending).rejects.toThrow('enough')
  })

  test('tells the connection when it is cancelled, and ignores what still comes', async () => {
    const { body, source } = createBody()
    await body.stream().cancel()
    expect(source.calls).toEqual(['cancel'])
    body.push(bytes('late'))
    body.fail(new Error('late'))
    body.end()
  })
})

describe('a body read whole', () => {
  test('is there at once when it came before it was asked for', async () => {
    const { body } = createBody()
    body.push(bytes('all'))
    body.end()
    expect(text(await body.collect())).toBe('all')
  })

  test('is waited for, and never held back', async () => {
    const { body, source } = createBody()
    body.push(new Uint8Array(70_000))
    const pending = body.collect()
    body.push(new Uint8Array(70_000))
    body.push(new Uint8Array(70_000))
    body.end()
    expect((await pending).length).toBe(210_000)
    expect(source.calls).toEqual(['pause', 'resume'])
  })

  test('fails when it does not come whole, before and after it was asked for', async () => {
    const before = createBody().body
    before.push(bytes('half'))
    before.fail(new Error('broken'))
    expect(before.collect()).rejects.toThrow('broken')
    const after = createBody().body
    const pending = after.collect()
    after.fail(new Error('broken'))
    expect(pending).rejects.toThrow('broken')
  })

  test('is given only once', async () => {
    const { body } = createBody()
    body.end()
    await body.collect()
    expect(body.collect()).rejects.toThrow('used already')
  })
})
