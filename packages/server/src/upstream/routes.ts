import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';

type Endpoint = (http: HttpRequest) => Promise<HttpReply>;

const link = () => import('../interaction/account/linked.ts');
const start = () => import('./start.ts');
const callback = () => import('./callback.ts');
const metadata = () => import('./metadata.ts');

/** The paths of each upstream that a browser is sent to, also while it is switched off: then they say so. Their rooms are loaded when somebody comes. */
export function upstreamRoutes(
  ctx: Context,
): readonly (readonly [path: string, methods: Readonly<Partial<Record<'GET' | 'POST', Endpoint>>>])[] {
  return ctx.config.upstreams.flatMap((upstream) => {
    if (upstream.kind === 'ldap') return [];
    const { name } = upstream;
    const path = `/signin/with/${name}`;
    return [
      [`/account/security/link/${name}`, { POST: async (http) => (await link()).linkPost(ctx, http, name) }],
      [path, { POST: async (http) => (await start()).startSignIn(ctx, http, name) }],
      [
        `${path}/callback`,
        {
          GET: async (http) => (await callback()).callbackGet(ctx, http, name),
          POST: async (http) => (await callback()).callbackPost(ctx, http, name),
        },
      ],
      ...(upstream.kind === 'saml'
        ? ([[`${path}/metadata`, { GET: async () => (await metadata()).metadataGet(ctx, upstream) }]] as const)
        : []),
    ] as const;
  });
}
