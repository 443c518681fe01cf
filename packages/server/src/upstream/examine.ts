import { X509Certificate } from 'node:crypto';
import type { OidcUpstream, Upstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { greetDirectory } from './ldap.ts';
import { discover } from './oidc.ts';

/** What can be said of an upstream without signing anybody in. */
export interface Examined {
  /** Why nobody could sign in by it; undefined where nothing was found. */
  readonly fault: string | undefined;
  readonly warnings: readonly string[];
}

/** Seconds before a certificate ends in which that is told. */
const SOON = 30 * 86_400;

/** Asks an upstream for what it tells anybody: metadata, or an answer at all. For the doctor. */
export async function examineUpstream(ctx: Context, upstream: Upstream, now: number): Promise<Examined> {
  try {
    switch (upstream.kind) {
      case 'oidc':
        return { fault: undefined, warnings: await examineOidc(ctx, upstream, now) };
      case 'oauth2':
        // Nothing there answers to anybody who has no code.
        return { fault: undefined, warnings: [] };
      case 'saml':
        return { fault: undefined, warnings: upstream.certificates.flatMap((pem) => examineCertificate(pem, now)) };
      case 'ldap':
        await greetDirectory(ctx, upstream);
        return { fault: undefined, warnings: [] };
    }
  } catch (error) {
    return { fault: `cannot be reached, or is not what the configuration says: ${messageOf(error)}`, warnings: [] };
  }
}

/** What it does not announce it may still do; so these are warnings. */
async function examineOidc(ctx: Context, upstream: OidcUpstream, now: number): Promise<readonly string[]> {
  const metadata = await discover(ctx, upstream, now);
  const algs = metadata.id_token_signing_alg_values_supported;
  const scopes = metadata.scopes_supported;
  const unknown = upstream.scopes.filter((scope) => scopes !== undefined && !scopes.includes(scope));
  return [
    ...(algs !== undefined && !algs.includes(upstream.idTokenAlg)
      ? [`signs ID tokens with ${algs.join(', ')}, and id_token_alg is ${upstream.idTokenAlg}`]
      : []),
    ...(unknown.length > 0 ? [`does not list the scopes ${unknown.join(', ')}`] : []),
    ...(metadata.jwks_uri === undefined ? ['names no jwks_uri: no ID token of it can be verified'] : []),
  ];
}

function examineCertificate(pem: string, now: number): readonly string[] {
  const end = Math.floor(Date.parse(new X509Certificate(pem).validTo) / 1000);
  if (end > now + SOON) return [];
  // A pinned key counts whatever its certificate says of itself; whoever renews it will change it.
  return [`a certificate ends on ${new Date(end * 1000).toISOString().slice(0, 10)}; have its successor in the list before that`];
}

function messageOf(error: unknown): string {
  const detail = error instanceof Error && 'detail' in error && typeof error.detail === 'string' ? error.detail : undefined;
  return detail ?? (error instanceof Error ? error.message : '');
}
