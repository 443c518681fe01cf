import type { KeyPart } from '@hufu/flow/rule';
import { list, mapping, object, optional, required, withDefault } from './collection-shapes.ts';
import type { GatewayLimitConfig } from './gateway-config.ts';
import { headerPart } from './limit-key-parts.ts';
import { limitShape } from './limit-shape.ts';
import { toJson } from './node.ts';
import { text, textAs, wholeNumber } from './scalar-shapes.ts';
import { FAILED, Refused, type Shape } from './shape.ts';

const MAX_RULES = 200;
const RULE_NAME = /^[a-z0-9-]{1,64}$/;
const METHOD = /^[A-Z][A-Z-]{0,31}$/;
const CLAIM = /^[\x21-\x7e]{1,64}$/;

const keyPart: Shape<KeyPart> = textAs({
  allowed: ['address', 'user', 'client', 'token', 'route', 'header:NAME', 'claim:NAME'],
  maxLength: 80,
  pattern: "^(address|user|client|token|route|claim:[!-~]+|header:[A-Za-z0-9!#$%&'*+.^_`|~-]+)$",
  read(part) {
    if (part === 'address' || part === 'user' || part === 'client' || part === 'token' || part === 'route') return part;
    if (!part.startsWith('claim:')) return headerPart(part);
    const claim = part.slice('claim:'.length);
    return CLAIM.test(claim) ? { claim } : new Refused('is nothing that a rule counts by');
  },
});

const match = object({
  keys: {
    routes: optional(
      list(text(64), { min: 1, max: 1_000, unique: [{ path: [] }] }),
      'Names of routes; all where nothing is said, or all at which what it counts by is known.',
    ),
    methods: optional(
      list(
        textAs({
          allowed: ['a method, in capitals'],
          pattern: METHOD.source,
          maxLength: 32,
          read: (value) => (METHOD.test(value) ? value : new Refused('is no method')),
        }),
        { min: 1, max: 20, unique: [{ path: [] }] },
      ),
      'All where nothing is said. GET means HEAD as well.',
    ),
  },
  build: (values) => values,
});

/** A rule about requests at the edge, without its name. What routes and rules say together is checked by the gateway when it starts. */
export const gatewayLimitShape: Shape<(name: string) => GatewayLimitConfig> = limitShape({
  keys: {
    match: withDefault(match, {}, 'Requests that it is about.'),
    failed_cost: withDefault(
      wholeNumber(0, 1_000_000),
      0,
      'Units more that a request takes whose token or session does not hold, for rules that count by nothing that has to be known first.',
    ),
  },
  key: required(
    list(keyPart, { max: 5 }),
    'What it counts apart, all of it together: address (IPv6 by /64), route, header:NAME; once it is known who asks: user, client, token and claim:NAME. []: everybody together.',
  ),
  build: ({ own: { match, failed_cost }, rule: named }, node) => {
    const { routes, methods } = match;
    return (name) => ({
      rule: { ...named(name), ...(routes === undefined ? {} : { routes }) },
      methods,
      failedCost: failed_cost,
      written: toJson(node),
    });
  },
});

const named = mapping(gatewayLimitShape, { max: MAX_RULES, names: RULE_NAME, allowed: '1 to 64 lower-case letters, digits and -' });

/** `gateway.limits`: how much there may be of what at the edge. */
export const gatewayLimitsShape: Shape<readonly GatewayLimitConfig[]> = object({
  keys: {
    rules: withDefault(
      { schema: named.schema, read: (node, spot) => mapRules(named.read(node, spot)) },
      {},
      'Limits on requests, by names that you choose.',
    ),
  },
  build: ({ rules }) => rules,
});

function mapRules(
  read: readonly (readonly [string, (name: string) => GatewayLimitConfig])[] | typeof FAILED,
): readonly GatewayLimitConfig[] | typeof FAILED {
  return read === FAILED ? FAILED : read.map(([name, make]) => make(name));
}
