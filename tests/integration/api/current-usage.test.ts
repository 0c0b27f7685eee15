import { expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { CHAT, setStage } from '../../support/gateway/stage.ts'

type Window = Readonly<Record<string, number | null>>
type Current = Readonly<Record<string, { readonly today: Window; readonly current_hour: Window }>>

await describeEachDatabase('what was used today and in this hour', (openFresh) => {
  test('is told by gateway, with what is left of the tightest limit', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const { gateway, user } = stage
    const admin = await gateway.administrator()
    const subject = { user: user.username }
    await gateway.admin.limits.set(TESTER, subject, {
      gateway: 'ollama',
      amounts: [
        { unit: 'requests', window: 'day', amount: 10 },
        { unit: 'requests', window: 'hour', amount: 5 },
      ],
    })
    await Bun.sleep(300)
    for (const stream of [true, false])
      expect((await stage.post('/ollama/api/chat', { ...CHAT, stream })).status).toBe(200)
    await gateway.accounted(2)
    const [row] = await gateway.usageOf(user)
    const tokens = 2 * ((row?.prompt_tokens ?? 0) + (row?.completion_tokens ?? 0))
    const read = async (path: string, as = user): Promise<Current> =>
      (await (await stage.get(path, { as })).json()) as Current
    const remaining = async () => (await read('/me/usage/current')).ollama?.today.remaining_requests
    // A server on its own writes its buckets down once a second.
    while ((await remaining()) !== 8) await Bun.sleep(50)
    const own = await read('/me/usage/current')
    const used = { total_tokens: tokens, total_requests: 2, remaining_tokens: null }
    expect(Object.keys(own)).toEqual(['ollama', 'openai', 'anthropic'])
    expect(own.ollama?.today).toEqual({ ...used, remaining_requests: 8 })
    expect(own.ollama?.current_hour).toEqual({ ...used, remaining_requests: 3 })
    expect(own.openai?.today).toMatchObject({ total_requests: 0, remaining_requests: null })

    expect(await read(`/admin/usage/current?username=${user.username}`, admin)).toEqual(own)
    const everybody = await read('/admin/usage/current', admin)
    expect(everybody.ollama?.today).toEqual({ ...used, remaining_requests: null })
    expect((await stage.get('/admin/usage/current?username=nobody', { as: admin })).status).toBe(
      404,
    )
    expect((await stage.get('/admin/usage/current')).status).toBe(403)
  })
})
