import { factsOfHeaders } from './facts.ts';
import { type DifferentialRequest, request } from './request.ts';

/** Members of metadata whose values have to agree where both have them; lists as sets. */
const COMPARED: ReadonlySet<string> = new Set([
  'issuer',
  'response_types_supported',
  'response_modes_supported',
  'subject_types_supported',
  'code_challenge_methods_supported',
]);

/** Discovery (OpenID Connect Discovery §4, RFC 8414 §3) and the keys. */
export const documentRequests: readonly DifferentialRequest[] = [
  ...['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/oauth/jwks'].flatMap((path) => [
    request(`${path}: the document`, async (desk) => {
      const reply = await desk.fetch(path);
      const { type, store } = factsOfHeaders(reply.headers);
      const origin = reply.headers.get('access-control-allow-origin');
      return { outcome: String(reply.status), type: String(type), store: String(store), origin: origin ?? 'none' };
    }),
    request(`${path}: from another origin`, async (desk) => {
      const reply = await desk.fetch(path, { headers: { origin: 'https://anybody.example' } });
      return { outcome: String(reply.status), origin: reply.headers.get('access-control-allow-origin') === null ? 'refused' : 'may read' };
    }),
    request(`${path}: by POST`, async (desk) => ({ outcome: String((await desk.fetch(path, { method: 'POST' })).status) })),
    request(`${path}: by HEAD`, async (desk) => ({ outcome: String((await desk.fetch(path, { method: 'HEAD' })).status) })),
  ]),
  request('/.well-known/openid-configuration: its members', async (desk) => {
    const { body } = await desk.fetch('/.well-known/openid-configuration');
    const facts: Record<string, string> = { outcome: 'done' };
    for (const [name, value] of Object.entries(body)) {
      if (typeof value === 'boolean') facts[`metadata ${name}`] = String(value);
      else if (!COMPARED.has(name)) facts[`metadata ${name}`] = 'there';
      else
        facts[`metadata ${name}`] = Array.isArray(value)
          ? value.toSorted().join(', ')
          : String(value).replace(desk.side.issuer, 'the issuer');
    }
    return facts;
  }),
  request('/oauth/jwks: members of the keys', async (desk) => {
    const { body } = await desk.fetch('/oauth/jwks');
    const facts: Record<string, string> = { outcome: 'done' };
    for (const key of Array.isArray(body['keys']) ? body['keys'] : []) {
      const { alg, use, kty, ...more } = Object(key);
      facts[`key ${String(alg)} ${String(use)} ${String(kty)}`] = Object.keys(more).toSorted().join(' ');
    }
    return facts;
  }),
];
