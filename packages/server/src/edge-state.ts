import type { RuleSnapshot } from '@hufu/flow/limiter';
import type { Context } from './context.ts';

/**
 * A gateway that runs in this process, as far as administration looks at it. The server knows no gateway: whoever composes the two tells it of one.
 */
export interface EdgeState {
  readonly routes: readonly {
    readonly name: string;
    readonly requests: number;
    readonly refused: number;
    readonly streams: number;
  }[];
  readonly upstreams: readonly EdgeUpstreamState[];
  /** Under the names that they have in its configuration. */
  readonly limits: readonly RuleSnapshot[];
}

export interface EdgeUpstreamState {
  readonly name: string;
  readonly waiting: number;
  readonly adaptive: { readonly inFlight: number; readonly limit: number } | undefined;
  readonly targets: readonly EdgeTargetState[];
}

export interface EdgeTargetState {
  /** Of the configuration. */
  readonly url: string;
  readonly phase: 'closed' | 'open' | 'half_open';
  readonly cause: 'errors' | 'connect' | 'checks' | undefined;
  readonly underWay: number;
  readonly streams: number;
  readonly idle: number;
  readonly lastFailure:
    | {
        readonly kind: 'connect' | 'timeout' | 'reset' | 'refused' | 'protocol' | 'status';
        readonly status: number | undefined;
        /** Milliseconds since it failed. */
        readonly agoMs: number;
      }
    | undefined;
}

const edges = new WeakMap<Context, () => EdgeState>();

/** Tells a server of the gateway beside it, until what this returns is called. */
export function tellEdge(ctx: Context, look: () => EdgeState): () => void {
  edges.set(ctx, look);
  return () => {
    if (edges.get(ctx) === look) edges.delete(ctx);
  };
}

/** How the gateway beside the server does; undefined where there is none. */
export function lookAtEdge(ctx: Context): EdgeState | undefined {
  return edges.get(ctx)?.();
}
