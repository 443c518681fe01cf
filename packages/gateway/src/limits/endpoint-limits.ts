import type { Clocks } from '@hufu/flow/clock';
import { createLimiter } from '@hufu/flow/create-limiter';
import { type Refusal, refuse } from '../proxy/refusal.ts';

/** Asked before one of the edge's own endpoints answers. Undefined: it may. */
export type EndpointLimits = (address: string, path: string) => Refusal | undefined;

/** Those of which each request is a row in the store, or a question to the issuer. To begin a sign-in costs neither, and what the issuer sends for many people at once is not a stranger's. */
const COSTLY: ReadonlySet<string> = new Set(['/edge/callback', '/edge/logout', '/edge/logout/end']);
/** So wide that neither an office at nine o'clock nor all of a small site, behind a proxy that nobody has named, comes near it; what it bounds is a flood. */
const RULE = { name: 'edge-endpoints', key: ['address'], algorithm: { kind: 'gcra', limit: 30, periodMs: 1_000, burst: 300 } } as const;

/**
 * Bounds what one address (IPv6: one /64) makes the issuer and the store do: to the issuer all of it comes from this gateway, which it would turn away for everybody (attacks HTP-01). Counted by
 * each gateway by itself.
 */
export function endpointLimits(clocks?: Clocks): EndpointLimits {
  const limiter = createLimiter({ rules: [RULE], ...(clocks === undefined ? {} : { clocks }) });
  return (address, path) => {
    if (!COSTLY.has(path)) return undefined;
    const { allowed, retryAfterMs } = limiter.takeNow({ address });
    if (allowed) return undefined;
    const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
    return refuse(429, 'too_many_requests', 'there are too many requests; try again later', ['retry-after', seconds]);
  };
}
