import { z } from 'zod'
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi'
import type { Endpoint } from './endpoint.ts'
import { ENDPOINTS } from './endpoints.ts'

const TAGS = [
  { name: 'auth', description: 'Logging in and out' },
  { name: 'me', description: 'What everybody may do for themselves' },
  { name: 'admin', description: 'Administration; each endpoint names the permissions it takes' },
]

/** The body of every refusal and failure. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong and what to do' }),
    code: z.string().meta({ description: 'Never changes its meaning' }),
    request_id: z.string(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'With 422: every field that is wrong' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457)' })

const refusal = {
  description: 'Refused or failed',
  content: { 'application/problem+json': { schema: problemSchema } },
}

/** The OpenAPI 3.1 document of our own API, made from its endpoints. */
export function openApiDocument(version: string): object {
  const paths: ZodOpenApiPathsObject = {}
  for (const endpoint of ENDPOINTS) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operationOf(endpoint) }
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Parallama',
      version,
      description: 'Logins, keys, roles, limits, usage and audit of a shared Ollama',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: TAGS,
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An access token from `/auth/login`, or an API key',
        },
      },
    },
  })
}

function operationOf(endpoint: Endpoint): ZodOpenApiOperationObject {
  const { name, summary, path, access, query, body, answer, creates } = endpoint
  const names = [...path.matchAll(/:(\w+)/g)].map(([, parameter = '']) => parameter)
  const key = z.string().min(1).max(255).optional()
  const takes = typeof access === 'string' ? null : `Takes ${access.join(' and ')}.`
  return {
    operationId: name.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary,
    ...(takes && { description: takes }),
    tags: [path.split('/')[1] ?? ''],
    security: access === 'anybody' ? [] : [{ bearer: [] }],
    requestParams: {
      ...(names.length > 0 && {
        path: z.object(Object.fromEntries(names.map((parameter) => [parameter, z.string()]))),
      }),
      ...(query && { query: query as z.ZodObject }),
      ...(creates && { header: z.object({ 'Idempotency-Key': key }) }),
    },
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    }),
    responses: {
      [String(answer.status)]: answer.schema
        ? { description: 'Done', content: { 'application/json': { schema: answer.schema } } }
        : { description: 'Done' },
      default: refusal,
    },
  }
}
