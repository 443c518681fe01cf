import type { TokenOperations } from '@hufu/protocol/admin/tokens';
import type { Perform } from '../call.ts';
import { inspectToken } from '../inspect-token.ts';

export const TOKENS: { readonly [N in keyof TokenOperations]: Perform<N> } = {
  'tokens.inspect': async ({ ctx, body, now }) => ({ body: await inspectToken(ctx, body, now) }),
};
