import type { Route } from './routes/route.ts';

/** What a gateway has seen on a route since it runs. */
export interface RouteCount {
  readonly name: string;
  /** All that came, those that were refused too; without what browsers ask before a request of another origin. */
  readonly requests: number;
  /** At the edge, or as nobody inside took them. */
  readonly refused: number;
}

interface Counted {
  requests: number;
  refused: number;
}

/** Counts requests by route: two additions a request, and as many rows as there are routes. */
export class RouteCounts {
  readonly #counts: ReadonlyMap<Route, Counted>;

  constructor(routes: readonly Route[]) {
    this.#counts = new Map(routes.map((route) => [route, { requests: 0, refused: 0 }]));
  }

  came(route: Route): void {
    const count = this.#counts.get(route);
    if (count !== undefined) count.requests += 1;
  }

  refused(route: Route): void {
    const count = this.#counts.get(route);
    if (count !== undefined) count.refused += 1;
  }

  state(): readonly RouteCount[] {
    return [...this.#counts].map(([{ name }, { requests, refused }]) => ({ name, requests, refused }));
  }
}
