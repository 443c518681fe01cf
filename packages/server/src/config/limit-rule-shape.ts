import type { KeyPart } from '@hufu/flow/rule';
import { LIMITED_METHODS, LIMITED_ROUTES, type Proven } from '../limits/limited-routes.ts';
import { list, object, optional, required, withDefault } from './collection-shapes.ts';
import type { LimitRule } from './config.ts';
import { headerPart } from './limit-key-parts.ts';
import { limitShape } from './limit-shape.ts';
import { toJson } from './node.ts';
import { choice, textAs } from './scalar-shapes.ts';
import type { JsonSchema, Shape } from './shape.ts';

const KEYS_ALLOWED = ['address', 'client', 'token', 'route', 'header:NAME'];

const keyPart: Shape<KeyPart> = textAs({
  allowed: KEYS_ALLOWED,
  maxLength: 80,
  pattern: "^(address|client|token|route|header:[A-Za-z0-9!#$%&'*+.^_`|~-]+)$",
  read(part) {
    if (part === 'address' || part === 'client' || part === 'token' || part === 'route') return part;
    return headerPart(part);
  },
});

const route = choice([...LIMITED_ROUTES.keys()]);

/** The definition that rules refer to. */
export const LIMITED_ROUTE_SCHEMA: JsonSchema = route.schema;

const match = object({
  keys: {
    routes: optional(
      list({ ...route, schema: { title: 'paths', $ref: '#/$defs/limited_route' } }, { min: 1, max: 100, unique: [{ path: [] }] }),
      'Paths as they are mounted; all where nothing is said, or all at which what it counts by is known.',
    ),
    methods: optional(
      list(choice(LIMITED_METHODS), { min: 1, max: 4, unique: [{ path: [] }] }),
      'All where nothing is said. GET means HEAD as well.',
    ),
  },
  build: (values) => values,
});

/** A rule without its name. */
export type NamedRule = (name: string) => LimitRule;

/** A rule about requests to the server: what its `kind` makes of it. */
export const limitRuleShape: Shape<NamedRule> = limitShape({
  keys: { match: withDefault(match, {}, 'Requests that it is about.') },
  key: required(
    list(keyPart, { max: 5 }),
    'What it counts apart, all of it together: address (IPv6 by /64), client and token (once they are proven), route, header:NAME. []: everybody together.',
  ),
  build({ own: { match }, key, isOfClients, rule }, node, spot) {
    const needs: readonly Proven[] = [
      ...(isOfClients ? (['client'] as const) : []),
      ...(key.includes('token') ? (['token'] as const) : []),
    ];
    const { routes, methods } = match;
    for (const [index, route] of (routes ?? []).entries()) {
      const unknown = needs.find((proven) => LIMITED_ROUTES.get(route)?.includes(proven) !== true);
      if (unknown !== undefined)
        return spot
          .at('match')
          .at('routes')
          .at(index)
          .report(node.place, `never knows the ${unknown}, which the rule is about`, route, knowing(unknown));
    }
    return (name) => ({
      needs,
      written: toJson(node),
      routes: routes ?? [...LIMITED_ROUTES.keys()].filter((route) => needs.every((proven) => LIMITED_ROUTES.get(route)?.includes(proven))),
      methods: methods ?? LIMITED_METHODS,
      rule: { ...rule(name), ...(routes === undefined ? {} : { routes }) },
    });
  },
});

function knowing(proven: Proven): readonly string[] {
  return [...LIMITED_ROUTES].flatMap(([route, known]) => (known.includes(proven) ? [route] : []));
}
