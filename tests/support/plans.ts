import { CompiledQuery, createQueryId, type KyselyPlugin, type RootOperationNode } from 'kysely'
import type { Db } from '../../db/client.ts'
import { isPostgres } from '../../db/codec.ts'

/** Runs `act`, and returns how the database carries out its queries, as it says itself. */
export async function plansOf(db: Db, act: (db: Db) => Promise<unknown>): Promise<string> {
  const queries: RootOperationNode[] = []
  const listening: KyselyPlugin = {
    transformQuery({ node }) {
      queries.push(node)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  await act(db.withPlugin(listening))
  const explain = isPostgres(db) ? 'explain' : 'explain query plan'
  const plans = queries.map(async (query) => {
    const { sql, parameters } = db.getExecutor().compileQuery(query, createQueryId())
    const { rows } = await db.executeQuery(CompiledQuery.raw(`${explain} ${sql}`, [...parameters]))
    return JSON.stringify(rows)
  })
  return (await Promise.all(plans)).join('\n')
}

/** The partitions of the requests that a plan names, in the order of their names. */
export const partitionsIn = (plan: string): string[] =>
  [...new Set(plan.match(/requests_(?:rest|(?:before_)?\d{8})/g))].sort()
