import type { SamlUpstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import type { HttpReply } from '../http.ts';
import { callbackOf } from './attempt.ts';
import { samlMetadata } from './saml.ts';

/** What a SAML identity provider is told of us (SAML 2.0 Metadata §4.1.1). */
export async function metadataGet(ctx: Context, upstream: SamlUpstream): Promise<HttpReply> {
  return {
    status: 200,
    headers: { 'content-type': 'application/samlmetadata+xml', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    body: await samlMetadata(ctx, upstream, callbackOf(ctx, upstream)),
  };
}
