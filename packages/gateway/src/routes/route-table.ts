import { foldPath } from '../proxy/path.ts';
import { type Refusal, refuse } from '../proxy/refusal.ts';
import { checkRoute, type RouteGround } from './check-route.ts';
import type { GatewayHost, Route, RouteSettings } from './route.ts';

/** The route of a request, or why there is none. */
export interface FoundRoute {
  readonly kind: 'route';
  readonly route: Route;
  readonly host: GatewayHost;
}

/** Finds routes. */
export interface RouteTable {
  readonly routes: readonly Route[];
  /** @param path normalised. */
  find(host: string, path: string, method: string): FoundRoute | Refusal;
}

const MISDIRECTED: Refusal = { ...refuse(421, 'unknown_host', 'there is nothing of that name here'), ends: true };
const NOT_FOUND = refuse(404, 'no_route', 'there is nothing here');
const AMBIGUOUS = refuse(404, 'ambiguous_path', 'there is nothing here');

/** The routes at one path of one host: they differ in their methods. */
interface Place {
  readonly routes: readonly Route[];
  readonly refusal: Refusal;
}

/** The places of one host. */
interface HostPlaces {
  readonly host: GatewayHost;
  readonly exact: ReadonlyMap<string, Place>;
  readonly folded: ReadonlyMap<string, Place>;
  /** Segments of the longest path. */
  readonly depth: number;
}

/**
 * Checks routes, and makes a table of them: the longest path that a request's begins with, by whole segments and with case. A request whose path means another route to a reader who looks less closely
 * (case, parameters, a slash at the end) gets none (attacks GTW-03).
 *
 * @throws {TypeError} that says which route cannot be, and which two are for the same requests
 */
export function routeTable(settings: readonly RouteSettings[], ground: RouteGround): RouteTable {
  const names = ground.hosts.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new TypeError('two hosts have one name');
  const routes = settings.map((one) => checkRoute(one, ground));
  const twice = routes.find(({ name }, i) => routes.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) throw new TypeError(`two routes are called ${twice.name}`);
  const hosts = new Map(ground.hosts.map((host) => [host.name, placesOf(host, routes)]));
  return {
    routes,
    find(name, path, method) {
      const places = hosts.get(name);
      if (places === undefined) return MISDIRECTED;
      const place = longest(places.exact, path, places.depth);
      const folded = foldPath(path);
      const other = folded === path ? place : longest(places.folded, folded, places.depth);
      if (other !== place) return AMBIGUOUS;
      if (place === undefined) return NOT_FOUND;
      const asked = method === 'HEAD' ? 'GET' : method;
      const route = place.routes.find(({ methods }) => methods === undefined || methods.has(asked));
      return route === undefined ? place.refusal : { kind: 'route', route, host: places.host };
    },
  };
}

function placesOf(host: GatewayHost, all: readonly Route[]): HostPlaces {
  const routes = all.filter(({ hosts }) => hosts === undefined || hosts.includes(host.name));
  const byPath = new Map<string, Route[]>();
  const pathOfFold = new Map<string, string>();
  for (const route of routes) {
    const fold = foldPath(route.path);
    const before = pathOfFold.get(fold);
    if (before !== undefined && before !== route.path) throw new TypeError(`${before} and ${route.path} differ in case alone`);
    pathOfFold.set(fold, route.path);
    const there = byPath.get(route.path) ?? [];
    const same = there.find((other) => meet(other, route));
    if (same !== undefined) throw new TypeError(`routes ${same.name} and ${route.name} are for the same requests`);
    byPath.set(route.path, [...there, route]);
  }
  const exact = new Map([...byPath].map(([path, at]) => [path, { routes: at, refusal: methodRefusal(at) }]));
  const folded = new Map([...exact].map(([path, place]) => [foldPath(path), place]));
  return { host, exact, folded, depth: Math.max(0, ...routes.map(({ path }) => path.split('/').length - 1)) };
}

function meet({ methods: one }: Route, { methods: other }: Route): boolean {
  if (one === undefined || other === undefined) return true;
  return [...one].some((method) => other.has(method));
}

/** RFC 9110 §15.5.6. */
function methodRefusal(routes: readonly Route[]): Refusal {
  const taken = routes.flatMap(({ methods }) => [...(methods ?? [])]);
  const allow = taken.includes('GET') ? [...taken, 'HEAD'] : taken;
  return refuse(405, 'method_not_allowed', 'the method is not taken here', ['allow', allow.join(', ')]);
}

/** Looks at no more beginnings of a path than there are segments in the longest route. */
function longest(places: ReadonlyMap<string, Place>, path: string, depth: number): Place | undefined {
  let end = 0;
  for (let segments = 0; segments < depth; segments++) {
    const next = path.indexOf('/', end + 1);
    if (next < 0) {
      end = path.length;
      break;
    }
    end = next;
  }
  for (; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const place = places.get(path.slice(0, end));
    if (place !== undefined) return place;
  }
  return places.get('/');
}
