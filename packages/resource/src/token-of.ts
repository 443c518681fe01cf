import type { LiveToken } from './verification.ts';

const tokens = new WeakMap<object, LiveToken>();

/**
 * The token of a request that an adapter of this package has let through: of the request object of your framework, or of its context.
 *
 * @throws {TypeError} for a request that no adapter has seen: the route is not protected.
 */
export function tokenOf(request: object): LiveToken {
  const token = tokens.get(request);
  if (token === undefined) throw new TypeError('the request has no token: nothing protects its route');
  return token;
}

/** For adapters: under each object that a handler may know the request by. */
export function rememberToken(token: LiveToken, ...requests: readonly object[]): void {
  for (const request of requests) tokens.set(request, token);
}
