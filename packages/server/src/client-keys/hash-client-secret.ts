import type { Context } from '../context.ts';

/** The hash under which a client's secret is kept. */
export function hashClientSecret(ctx: Pick<Context, 'keys'>, clientId: string, secret: string): string {
  return ctx.keys.keyedHash('client_secret', `${clientId}\n${secret}`);
}
