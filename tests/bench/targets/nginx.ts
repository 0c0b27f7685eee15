import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../child.ts'
import { startProxy } from './proxy.ts'
import { onlyUpstream, type Target, type TargetPlace } from './target.ts'

/** The nginx binary, which Debian keeps outside a user's PATH; undefined when not installed. */
export function findNginx(): string | undefined {
  return Bun.which('nginx', { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` }) ?? undefined
}

/** nginx as a streaming proxy: one worker, no buffering, keep-alive on both sides, no access log. */
export async function startNginx(place: TargetPlace): Promise<Target> {
  const binary = findNginx()
  if (!binary) throw new Error('nginx is not installed')
  const port = freePort()
  const dir = join(place.dir, 'nginx')
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'nginx.conf')
  writeFileSync(file, configuration(dir, port, onlyUpstream(place).url.host))
  const base = `http://127.0.0.1:${port}`
  return startProxy(place, {
    name: 'nginx',
    command: [binary, '-p', dir, '-e', 'stderr', '-c', file],
    endpoint: { url: new URL('/api/chat', base), headers: {} },
    readyUrl: new URL('/api/version', base),
  })
}

/** One process without a master, so that its CPU is all there is to count. */
function configuration(dir: string, port: number, upstream: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
master_process off;
pid ${dir}/pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 100000000;
  ${temporary.map((kind) => `${kind}_temp_path ${dir}/${kind};`).join('\n  ')}
  upstream ollama { server ${upstream}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://ollama;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`
}
