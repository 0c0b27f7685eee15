import { z } from 'zod'
import type { Invitation } from '../../services/invitations.ts'
import { pageQuery, pageSchema } from '../cursor.ts'
import { endpoint } from '../endpoint.ts'
import { futureInput, optionalTime, time, toOptionalTime, toTime } from '../wire.ts'

const MANAGE = ['users:manage'] as const

const invitationSchema = z
  .object({
    id: z.string(),
    role: z.string(),
    status: z.enum(['open', 'used', 'expired']),
    created_by: z.string(),
    created_at: time,
    expires_at: time,
    used_at: optionalTime,
    username: z.string().nullable().meta({ description: 'Who came of it' }),
  })
  .meta({ id: 'Invitation' })

const newInvitationSchema = invitationSchema
  .extend({ code: z.string().meta({ description: 'For who is invited, shown this once' }) })
  .meta({ id: 'NewInvitation' })

const invitationView = (invitation: Invitation): z.infer<typeof invitationSchema> => ({
  id: invitation.id,
  role: invitation.role,
  status: invitation.status,
  created_by: invitation.createdBy,
  created_at: toTime(invitation.createdAt),
  expires_at: toTime(invitation.expiresAt),
  used_at: toOptionalTime(invitation.usedAt),
  username: invitation.username,
})

export const invitations = [
  endpoint({
    name: 'invitation.list',
    summary: 'List the invitations, for a month also those that are over, the newest first',
    method: 'GET',
    path: '/admin/invitations',
    access: MANAGE,
    query: z.strictObject(pageQuery),
    answer: { status: 200, schema: pageSchema(invitationSchema) },
    handle: ({ services, page }) =>
      page((asked) => services.registration.pageOfInvitations(asked), invitationView),
    view: (page) => page,
  }),

  endpoint({
    name: 'invitation.create',
    summary: 'Invite somebody to become a user',
    method: 'POST',
    path: '/admin/invitations',
    access: MANAGE,
    creates: true,
    body: z.strictObject({
      role: z.string().max(64).optional(),
      expires_at: futureInput.optional().meta({ description: 'In 7 days when left out' }),
    }),
    answer: { status: 201, schema: newInvitationSchema },
    handle: ({ actor, body, services }) =>
      services.registration.invite(actor, { role: body.role, expiresAt: body.expires_at }),
    view: (invitation) => ({ ...invitationView(invitation), code: invitation.code }),
    headers: ({ id }) => ({ location: `/admin/invitations/${id}` }),
  }),

  endpoint({
    name: 'invitation.withdraw',
    summary: 'Take back an invitation that nobody has used',
    method: 'DELETE',
    path: '/admin/invitations/:id',
    access: MANAGE,
    answer: { status: 204, schema: null },
    handle: ({ actor, param, services }) => services.registration.withdraw(actor, param('id')),
    view: () => null,
  }),
]
