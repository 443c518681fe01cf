import type { Config } from '../../config/config.ts';
import { Secret } from '../../config/secret.ts';
import type { Perform } from '../call.ts';

/** What holds, for whoever may read. */
export const SETTINGS: { readonly 'resources.list': Perform<'resources.list'>; readonly 'settings.get': Perform<'settings.get'> } = {
  'resources.list': async ({ ctx }) => ({
    body: {
      items: ctx.config.resources.map(({ identifier, scopes, tokenFormat, signingAlg, tokenTtlSeconds }) => ({
        identifier,
        scopes,
        token_format: tokenFormat,
        signing_alg: signingAlg,
        token_ttl: tokenTtlSeconds,
      })),
    },
  }),
  'settings.get': async ({ ctx: { config } }) => ({
    body: {
      issuer: config.issuer,
      mode: config.mode,
      database: config.database.kind,
      redis: config.redis !== undefined,
      signing_algorithms: config.signing.algorithms,
      rotate_every: config.signing.rotateEverySeconds,
      effective: effectiveOf(config),
    },
  }),
};

/** Clients, users, resources and written policies have lists of their own; the file and its warnings are the start's. */
const ELSEWHERE: ReadonlySet<string> = new Set(['clients', 'users', 'resources', 'file', 'warnings', 'writtenPolicies']);

function effectiveOf(config: Config): Readonly<Record<string, unknown>> {
  return Object(plain(Object.fromEntries(Object.entries(config).filter(([name]) => !ELSEWHERE.has(name)))));
}

/** As JSON: maps as objects, sets as lists, and every secret as a word that says there is one. */
function plain(value: unknown): unknown {
  if (value instanceof Secret) return '[secret]';
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  if (value instanceof Set) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
