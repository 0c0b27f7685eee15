import { group } from '../../command.ts'

export const gateway = group({
  meta: { name: 'gateway', description: 'The APIs in front of Ollama' },
  subCommands: {
    list: () => import('./list.ts').then((m) => m.gatewayList),
    status: () => import('./status.ts').then((m) => m.gatewayStatus),
    toggle: () => import('./toggle.ts').then((m) => m.gatewayToggle),
    config: () => import('./config.ts').then((m) => m.gatewayConfig),
    metrics: () => import('./metrics.ts').then((m) => m.gatewayMetrics),
  },
})
