import type { OAuth2Upstream, OidcUpstream, SamlUpstream, Upstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { oauth2 } from './oauth2.ts';
import { oidc } from './oidc.ts';
import type { ForeignPerson } from './person.ts';
import { PRESETS } from './registry.ts';
import { saml } from './saml.ts';
import type { Answer, Visit } from './visit.ts';

/** Upstreams that a browser is sent to; a directory is asked behind the password form instead. */
export type RedirectUpstream = OidcUpstream | OAuth2Upstream | SamlUpstream;

/** Those that may be used now, in the order of the file. */
export function redirectUpstreams(ctx: Pick<Context, 'config'>): readonly RedirectUpstream[] {
  return ctx.config.upstreams.filter((upstream) => isRedirect(upstream)).filter(({ enabled }) => enabled);
}

export function isRedirect(upstream: Upstream): upstream is RedirectUpstream {
  return upstream.kind !== 'ldap';
}

/** Where the browser goes. Throws `UpstreamRefused`. */
export function beginAt(ctx: Context, upstream: RedirectUpstream, visit: Visit): Promise<URL> {
  switch (upstream.kind) {
    case 'oidc':
      return oidc.begin(ctx, upstream, visit);
    case 'oauth2':
      return oauth2(dialectOf(upstream)).begin(ctx, upstream, visit);
    case 'saml':
      return saml.begin(ctx, upstream, visit);
  }
}

/** Whom an answer is about. Throws `UpstreamRefused`. */
export function finishAt(ctx: Context, upstream: RedirectUpstream, visit: Visit, answer: Answer): Promise<ForeignPerson> {
  switch (upstream.kind) {
    case 'oidc':
      return oidc.finish(ctx, upstream, visit, answer);
    case 'oauth2':
      return oauth2(dialectOf(upstream)).finish(ctx, upstream, visit, answer);
    case 'saml':
      return saml.finish(ctx, upstream, visit, answer);
  }
}

function dialectOf({ preset }: OAuth2Upstream): NonNullable<Parameters<typeof oauth2>[0]> {
  return PRESETS.get(preset ?? '')?.dialect ?? {};
}
