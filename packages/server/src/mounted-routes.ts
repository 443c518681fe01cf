import type { Context } from './context.ts';
import { limitedRoute } from './limits/limited-routes.ts';
import { endpointLabel } from './metrics/endpoint-labels.ts';
import { endpointIndex } from './metrics/meter.ts';
import { methodNotAllowed, preflight } from './rim-replies.ts';
import type { Endpoint, Route } from './route.ts';

/** A route as the rim uses it. */
interface Mounted {
  readonly route: Route;
  readonly allow: string;
  /** As limits call it; undefined: none is about it. */
  readonly limited: string | undefined;
  /** As it is counted. */
  readonly counted: number;
}

/** What finds the route of a path. */
export function mountRoutes(table: readonly Route[]): (path: string) => Mounted | undefined {
  const exact = new Map<string, Mounted>();
  const below = new Map<string, Mounted>();
  const deep: (readonly [folder: string, mounted: Mounted])[] = [];
  for (const route of table) {
    const mounted = { route, allow: allowOf(route), limited: limitedRoute(route.path), counted: endpointIndex(endpointLabel(route.path)) };
    if (route.path.endsWith('/**')) deep.push([route.path.slice(0, -2), mounted]);
    else if (route.path.endsWith('/*')) below.set(route.path.slice(0, -1), mounted);
    else exact.set(route.path, mounted);
  }
  return (path) => {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    return (
      exact.get(path) ??
      below.get(folder) ??
      exact.get(withAnyParent(path)) ??
      below.get(`${withAnyParent(folder.slice(0, -1))}/`) ??
      deep.find(([above]) => path.startsWith(above))?.[1]
    );
  };
}

/** Who answers a method there. */
export function endpointOf(ctx: Context, { route, allow }: Mounted, method: string): Endpoint {
  const endpoint = method === 'GET' || method === 'POST' || method === 'PUT' || method === 'DELETE' ? route.methods[method] : undefined;
  if (endpoint !== undefined) return endpoint;
  if (method === 'HEAD' && route.methods.GET !== undefined && isDocument(route)) return route.methods.GET;
  if (method === 'OPTIONS') return (http) => preflight(ctx, route, allow, http);
  return (http) => methodNotAllowed(ctx, http, allow);
}

/** The path with `*` in place of its part before the last. */
function withAnyParent(path: string): string {
  const last = path.lastIndexOf('/');
  return `${path.slice(0, path.lastIndexOf('/', last - 1) + 1)}*${path.slice(last)}`;
}

/** Methods as `Allow` names them. HEAD is for documents alone: what also takes a POST does things. */
function allowOf(route: Route): string {
  const methods = Object.keys(route.methods);
  return [...methods, ...(isDocument(route) ? ['HEAD'] : []), ...(route.crossOrigin === 'none' ? [] : ['OPTIONS'])].join(', ');
}

function isDocument(route: Route): boolean {
  return route.methods.GET !== undefined && route.methods.POST === undefined;
}
