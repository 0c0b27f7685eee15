import type { GivenAlias } from '../../../app/services/gateway-view.ts'
import type { Column } from '../../table.ts'

/** How an alias is shown. */
export const aliasColumns: readonly Column<GivenAlias>[] = [
  { header: 'alias', value: ({ alias }) => alias, whole: true },
  { header: 'model', value: ({ model }) => model, whole: true },
  { header: 'given by', value: ({ origin }) => origin },
]
