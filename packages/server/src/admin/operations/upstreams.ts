import type { UpstreamOperations, UpstreamView } from '@hufu/protocol/admin/upstreams';
import type { Upstream } from '../../config/upstream-config.ts';
import { callbackOf } from '../../upstream/attempt.ts';
import { titleOf } from '../../upstream/title.ts';
import type { Perform } from '../call.ts';

/** Who else may say who people are: of hufu.yaml, member by member, so that no secret comes along by mistake. */
export const UPSTREAMS: { readonly [N in keyof UpstreamOperations]: Perform<N> } = {
  'upstreams.list': async ({ ctx }) => ({
    body: {
      items: ctx.config.upstreams.map((upstream, index): UpstreamView => {
        const { name, kind, preset, enabled, link, domains, create, claims } = upstream;
        return {
          name,
          setting: `upstreams[${index}]`,
          label: titleOf(upstream, 'en'),
          kind,
          ...(preset !== undefined && { preset }),
          enabled,
          link,
          domains,
          create,
          ...partsOf(upstream),
          ...(kind !== 'ldap' && { redirect_uri: callbackOf(ctx, upstream) }),
          claims: { ...claims },
        };
      }),
    },
  }),
};

function partsOf(upstream: Upstream): Pick<UpstreamView, 'issuer' | 'client_id' | 'client_auth' | 'scopes'> {
  switch (upstream.kind) {
    case 'oidc':
      return { issuer: upstream.issuer, client_id: upstream.clientId, client_auth: upstream.clientAuth.kind, scopes: upstream.scopes };
    case 'oauth2':
      return { issuer: upstream.issuer, client_id: upstream.clientId, client_auth: upstream.clientAuth, scopes: upstream.scopes };
    case 'saml':
      return { issuer: upstream.entityId };
    case 'ldap':
      return { issuer: upstream.url };
  }
}
