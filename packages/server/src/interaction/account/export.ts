import type { Visit } from './visit.ts';

const MAX_SESSIONS = 100;
const MAX_GRANTS = 1_000;
const MAX_EVENTS = 200;

/** Everything that the server has about somebody, in words of its own. No hash, no key, no sealed secret: those prove things, and tell nobody anything. */
export async function exportOf({ ctx, session, now }: Visit): Promise<Readonly<Record<string, unknown>>> {
  const { user } = session;
  const { tenant, store } = ctx;
  const factors = await store.listFactors(tenant, user.id);
  const identities = await store.listIdentities(tenant, user.id);
  const devices = await store.listDevices(tenant, user.id);
  const sessions = await store.listSessions(tenant, user.id, MAX_SESSIONS, now);
  const consents = await store.listConsents(tenant, user.id);
  const grants = await store.listGrants(tenant, { userId: user.id }, MAX_GRANTS);
  const events = await store.listUserEvents(tenant, user.id, MAX_EVENTS);
  return {
    issuer: ctx.issuer,
    exported_at: time(now),
    account: {
      sub: user.sub,
      username: user.username,
      source: user.source,
      claims: user.claims,
      created_at: time(user.createdAt),
      updated_at: time(user.updatedAt),
      password: user.passwordHash === undefined ? null : { changed_at: time(user.passwordChangedAt) },
    },
    factors: factors.map(({ kind, name, createdAt, usedAt }) => ({ kind, name, created_at: time(createdAt), last_used_at: time(usedAt) })),
    recovery_codes_left: factors.length === 0 ? 0 : await store.countRecoveryCodes(tenant, user.id),
    linked_accounts: identities.map(({ upstream, issuer, subject, label, linkedAt, usedAt }) => ({
      upstream,
      issuer,
      subject,
      label,
      linked_at: time(linkedAt),
      last_used_at: time(usedAt),
    })),
    devices: devices.map(({ name, type, agent, place, createdAt, seenAt, trustedUntil }) => ({
      name,
      type,
      agent,
      place: place ?? null,
      created_at: time(createdAt),
      last_seen_at: time(seenAt),
      trusted_until: trustedUntil === 0 ? null : time(trustedUntil),
    })),
    sessions: sessions.map((one) => ({
      signed_in_at: time(one.createdAt),
      authenticated_at: time(one.authTime),
      methods: one.amr,
      last_seen_at: time(one.lastSeenAt),
      expires_at: time(one.expiresAt),
      user_agent: one.userAgent,
      place: one.place ?? null,
      is_this_one: one.id === session.session.id,
    })),
    consents: consents.map(({ clientId, scopes, resources, grantedAt, updatedAt }) => ({
      client_id: clientId,
      scopes,
      resources,
      given_at: time(grantedAt),
      updated_at: time(updatedAt),
    })),
    grants: grants.map((grant) => ({
      client_id: grant.clientId,
      subject: grant.subject,
      scopes: grant.scopes,
      resources: grant.resources,
      authorization_details: grant.authorizationDetails ?? [],
      offline: grant.offline,
      created_at: time(grant.createdAt),
      last_used_at: time(grant.rotatedAt),
      expires_at: time(grant.expiresAt),
    })),
    events: events.map(({ at, kind, detail }) => ({ at: time(at), kind, detail })),
  };
}

/** RFC 3339. */
function time(seconds: number | undefined): string | null {
  // Further than any calendar goes: never.
  if (seconds === undefined || seconds > 253_402_300_799) return null;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
