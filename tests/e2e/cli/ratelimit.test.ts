import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../../db/client.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { cliLines } from '../../support/cli-lines.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const dataDir = temporaryFolder()
const { run, json } = cliLines({ PARALLAMA_DATA_DIR: dataDir })

const anna = await json('user create anna')
const key = await json('key generate anna')

describe('ratelimit', () => {
  test('set, get and reset work on a user, in columns and in JSON', async () => {
    const made = await run('ratelimit set anna ollama --token-hourly 1000 --concurrent 2')
    expect(made).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'GATEWAY  MODEL  LIMIT             BEFORE  SHARED  SHADOW',
        'ollama   *      1000 tokens/hour    none  no      no',
        'ollama   *      2 at once           none  no      no',
        '',
      ].join('\n'),
    })
    expect(await json('ratelimit set anna ollama --token-hourly 2000')).toEqual([
      {
        gateway: 'ollama',
        model: '*',
        unit: 'tokens',
        window: 'hour',
        amount: 2000,
        shadow: false,
        shared: false,
        before: 1000,
      },
    ])
    expect((await run('ratelimit get anna')).stdout).toBe(
      [
        'GATEWAY  MODEL  LIMIT             USED  REMAINING  RESETS  SCOPE',
        'ollama   *      2000 tokens/hour     0       2000  -       own',
        'ollama   *      2 at once            0          2  -       own',
        '',
      ].join('\n'),
    )
    expect(await json('ratelimit get anna openai')).toEqual([])
    const removed = await run('ratelimit reset anna ollama')
    expect(removed.code).toBe(0)
    expect(removed.stdout).toEndWith('\nRemoved 2 limit(s) of anna.\n')
    expect((await run('ratelimit get anna')).stdout).toBe(
      'No limits apply to anna. Set one with: parallama ratelimit set anna ollama --token-daily 100000\n',
    )
    expect(await run('ratelimit reset anna ollama')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'parallama: no limits are set for anna through ollama; there are none at all\n',
    })
  })

  test('set, get and reset work on a role and on a key, which leave out the user', async () => {
    await json('ratelimit set * --role basic --request-daily 50 --model LLama3')
    await json('ratelimit set ollama --role basic --shared --compute-daily 3600 --shadow')
    await json(`ratelimit set ollama --key ${key.key} --request-minutely 6`)
    expect((await run('ratelimit get anna')).stdout).toBe(
      [
        `GATEWAY  MODEL          LIMIT               USED  REMAINING  RESETS  SCOPE                 SHADOW`,
        `*        llama3:latest  50 requests/day        0         50  -       role basic            -`,
        `ollama   *              3600 s compute/day     0       3600  -       shared by role basic  0 refusals`,
        `ollama   *              6 requests/minute      0          6  -       key ${key.id}        -`,
        '',
      ].join('\n'),
    )
    expect(await json(`ratelimit get ollama --key ${key.id}`)).toHaveLength(3)
    expect(await json('ratelimit get --role basic')).toMatchObject([
      { scope: 'role', used: null, remaining: null },
      { scope: 'shared', used: 0, refusals: 0 },
    ])
    expect(await json('ratelimit reset ollama --role basic --shared')).toHaveLength(1)
    expect(await json('ratelimit reset * --role basic --model llama3')).toHaveLength(1)
    expect(await json(`ratelimit reset ollama --key ${key.id}`)).toHaveLength(1)
    expect(await json('limits show anna')).toEqual([])
  })

  test('get tells what is used and until when, and reset --used gives it back', async () => {
    await json('limits set anna ollama --token-daily 1000')
    const now = Date.now()
    const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
    await store.db
      .insertInto('limit_buckets')
      .values({
        holder: `user:${anna.id}`,
        bucket: 'all ollama * tokens day',
        debt: 500 * 864_000,
        tick: Math.floor(now / 100),
        held: 100,
        refusals: 0,
        updated_at: now,
      })
      .execute()
    await store.close()
    const [limit] = await json('limits show anna ollama')
    expect(limit.remaining).toBeWithin(400, 405)
    expect(limit.used + limit.remaining).toBe(1000)
    expect(limit.resetsAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(Date.parse(limit.resetsAt) - now).toBeWithin(0.6 * 86_399_000, 0.6 * 86_460_000)
    expect((await run('ratelimit get anna')).stdout).toMatch(/ (60\d|59\d) +4\d\d +in 15 h +own\n/)
    expect(await json('ratelimit reset anna ollama --used')).toEqual({
      message: 'Gave back what was used of 1 limit(s) of anna.',
    })
    expect(await json('ratelimit get anna')).toMatchObject([{ used: 0, remaining: 1000 }])
    await json('limits reset anna ollama')
  })

  test('simulate tells what each amount would have refused', async () => {
    const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
    const started_at = Date.now() - 60_000
    const row = { user_id: anna.id, prompt_tokens: 60, completion_tokens: 20 }
    await insertRequests(
      store,
      [0, 2000].map((ms) =>
        requestRow({ ...row, started_at: started_at + ms, ended_at: started_at + ms + 1000 }),
      ),
    )
    await store.close()
    const line = 'simulate anna ollama --token-daily 100 --request-daily 2 --days 1'
    const shown = await run(`ratelimit ${line}`)
    expect(shown.stdout).toMatch(
      /^LIMIT +REQUESTS +REFUSED +SHARE\n100 tokens\/day +2 +1 +50 %\n2 requests\/day +2 +0 +0 %\n/,
    )
    expect(shown.stdout).toMatch(/\n100 tokens\/day, by user:\nUSERNAME.*\nanna +2 +1\n/)
    expect(shown.stdout).toMatch(/\n\d{4}-\S+Z +anna +chat +llama2:latest +80 +\d{4}-\S+Z\n$/)
    const [tokens, requests] = await json(`limits ${line}`)
    expect(tokens).toMatchObject({
      gateway: 'ollama',
      unit: 'tokens',
      window: 'day',
      amount: 100,
      requests: 2,
      refused: 1,
      users: [{ username: 'anna', requests: 2, refused: 1 }],
      refusals: [
        { username: 'anna', startedAt: new Date(started_at + 2000).toISOString(), amount: 80 },
      ],
    })
    expect(requests).toMatchObject({ unit: 'requests', refused: 0, refusals: [] })
    expect(await json('ratelimit get anna')).toEqual([])
  })

  test('user create takes limits, and makes nobody when they are wrong', async () => {
    const limits = '--token-limit-daily 10 --token-limit-hourly 5 --request-limit-hourly 2'
    const bob = await json(`user create bob --gateway ollama ${limits} --request-limit-daily 9`)
    expect(bob.limits.map(({ amount }: { amount: number }) => amount)).toEqual([5, 10, 2, 9])
    expect(await json('ratelimit get bob ollama')).toHaveLength(4)
    expect((await run('user create carl --token-limit-daily 10')).stdout).toMatch(
      /^Limits +10 tokens\/day through \*$/m,
    )
    for (const wrong of [
      '--gateway olama --token-limit-daily 10',
      '--gateway ollama --token-limit-daily 0',
      '--gateway ollama --request-limit-hourly 1.5',
      '--gateway ollama',
    ]) {
      expect([wrong, (await run(`user create dora ${wrong}`)).code]).toEqual([wrong, 2])
    }
    expect((await run('user info dora')).code).toBe(1)
  })
})
