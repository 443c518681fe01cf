import fc from 'fast-check';
import { isLive } from './spec.ts';
import {
  type Caller,
  CLIENTS,
  type ClientName,
  type Grant,
  JWT_RESOURCE,
  OPAQUE_RESOURCE,
  type Op,
  OWN_RESOURCE,
  type Presenter,
  type World,
} from './world.ts';

/** What somebody wants to do, before it is known what there is: the numbers choose from what there is then. */
export type Intent =
  | Exclude<Op, { kind: 'redeem' | 'refresh' | 'revoke' | 'introspect' | 'userinfo' }>
  | {
      readonly kind: 'redeem';
      readonly grant: number;
      /** A code that was used before, or is over. */
      readonly stale: boolean;
      readonly by: Who;
      readonly verifier: 'right' | 'wrong' | 'none';
      readonly redirect: 'right' | 'wrong';
    }
  | {
      readonly kind: 'refresh';
      readonly grant: number;
      /** 0: the newest there is, 1: the one before it. */
      readonly age: number;
      readonly by: Who;
      readonly scope: 'same' | 'narrower' | 'wider';
      readonly resource: string | undefined;
    }
  | { readonly kind: 'revoke'; readonly token: number; readonly of: 'live access token' | 'anything'; readonly by: Who }
  | { readonly kind: 'introspect'; readonly token: number; readonly caller: Caller | 'owner' }
  | { readonly kind: 'userinfo'; readonly token: number };
/** `impostor`: in the owner's name, without its secret. */
type Who = 'owner' | 'other' | 'impostor';

const SCOPES: readonly (readonly string[])[] = [
  ['openid', 'read'],
  ['openid', 'opaque'],
  ['openid', 'profile'],
  ['openid', 'read', 'opaque'],
  ['read'],
];

/** Even: the edges of a range mean nothing here. */
const choice = fc.noBias(fc.nat(999));
const client: fc.Arbitrary<ClientName> = fc.constantFrom(...CLIENTS);
const who: fc.Arbitrary<Who> = fc.oneof(
  { weight: 8, arbitrary: fc.constant('owner') },
  { weight: 1, arbitrary: fc.constantFrom('other', 'impostor') },
);
const mostly = <T>(first: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: fc.constantFrom(first, ...others) });
const seconds = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1, 30, 59, 60, 61) },
  { weight: 3, arbitrary: fc.constantFrom(120, 150, 300, 599, 660, 661, 3_600) },
  { weight: 1, arbitrary: fc.constantFrom(86_400, 2 * 86_400, 3 * 86_400, 5 * 86_400) },
);

export const authorize: fc.Arbitrary<Intent> = fc.record({
  kind: fc.constant('authorize'),
  client,
  scopes: fc.constantFrom(...SCOPES),
  offline: mostly<'no' | 'asked' | 'heard'>('no', 'asked', 'heard'),
  login: mostly(false, true),
  deny: mostly(false, true),
});
export const redeem: fc.Arbitrary<Intent> = fc.record({
  kind: fc.constant('redeem'),
  grant: choice,
  stale: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  by: who,
  verifier: mostly<'right' | 'wrong' | 'none'>('right', 'wrong', 'none'),
  redirect: mostly<'right' | 'wrong'>('right', 'wrong'),
});
export const refresh: fc.Arbitrary<Intent> = fc.record({
  kind: fc.constant('refresh'),
  grant: choice,
  age: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.constantFrom(2, 3) },
  ),
  by: who,
  scope: mostly<'same' | 'narrower' | 'wider'>('same', 'narrower', 'wider'),
  resource: mostly<string | undefined>(undefined, JWT_RESOURCE, OPAQUE_RESOURCE, OWN_RESOURCE),
});
export const revoke: fc.Arbitrary<Intent> = fc.record({
  kind: fc.constant('revoke'),
  token: choice,
  of: fc.constantFrom('live access token', 'anything'),
  by: who,
});
export const introspect: fc.Arbitrary<Intent> = fc.record({
  kind: fc.constant('introspect'),
  token: choice,
  caller: fc.constantFrom('owner', 'owner', 'api', 'stranger', 'conf', 'pub'),
});
export const userinfo: fc.Arbitrary<Intent> = fc.record({ kind: fc.constant('userinfo'), token: choice });
export const disable: fc.Arbitrary<Intent> = fc.constant({ kind: 'disable' });
export const enable: fc.Arbitrary<Intent> = fc.constant({ kind: 'enable' });
export const changePassword: fc.Arbitrary<Intent> = fc.record({ kind: fc.constant('changePassword'), keepSession: fc.boolean() });
export const signOut: fc.Arbitrary<Intent> = fc.constant({ kind: 'signOut' });
export const withdraw: fc.Arbitrary<Intent> = fc.record({ kind: fc.constant('withdraw'), client });
export const revokeClient: fc.Arbitrary<Intent> = fc.record({ kind: fc.constant('revokeClient'), client });
export const rotateKey: fc.Arbitrary<Intent> = fc.constant({ kind: 'rotateKey' });
export const advance: fc.Arbitrary<Intent> = fc.record({ kind: fc.constant('advance'), seconds });

/** What it comes to in this world; undefined where there is nothing to do it with. */
export function resolve(intent: Intent, world: World): Op | undefined {
  switch (intent.kind) {
    case 'redeem': {
      const index = intent.stale ? recent(world, intent.grant) : world.grants.findLastIndex((candidate) => isFresh(candidate, world));
      const token = textOf(world, (candidate) => candidate.kind === 'code' && candidate.grant === index);
      const grant = world.grants[index];
      if (token === undefined || grant === undefined) return undefined;
      return { kind: 'redeem', token, by: presenter(grant, intent.by), verifier: intent.verifier, redirect: intent.redirect };
    }
    case 'refresh': {
      const index = liveOrRecent(world, intent.grant);
      const grant = world.grants[index];
      if (grant === undefined) return undefined;
      const generation = Math.max(1, grant.generation - intent.age);
      const token = textOf(
        world,
        (candidate) => candidate.kind === 'refresh' && candidate.grant === index && candidate.generation === generation,
      );
      if (token === undefined) return undefined;
      return { kind: 'refresh', token, by: presenter(grant, intent.by), scopes: scopesOf(grant, intent.scope), resource: intent.resource };
    }
    case 'enable':
      // Nothing to learn where nobody is disabled.
      return world.enabled ? undefined : intent;
    case 'revoke': {
      const token = intent.of === 'anything' ? anyToken(world, intent.token) : liveAccessToken(world, intent.token);
      const grant = grantOf(world, token);
      return token === undefined || grant === undefined ? undefined : { kind: 'revoke', token, by: presenter(grant, intent.by) };
    }
    case 'introspect': {
      const token = anyToken(world, intent.token);
      const grant = grantOf(world, token);
      if (token === undefined || grant === undefined) return undefined;
      return { kind: 'introspect', token, caller: intent.caller === 'owner' ? grant.client : intent.caller };
    }
    case 'userinfo': {
      const token = anyToken(world, intent.token);
      return token === undefined ? undefined : { kind: 'userinfo', token };
    }
    default:
      return intent;
  }
}

/** One of the three newest grants: what is long over is looked at in the end. */
function recent(world: World, choice: number): number {
  return world.grants.length - 1 - (choice % Math.min(3, Math.max(1, world.grants.length)));
}

/** Mostly one that lives: with the dead there is little to learn. -1 for none. */
function liveOrRecent(world: World, choice: number): number {
  if (choice % 6 === 0) return recent(world, choice);
  const live = world.grants.flatMap((grant, index) => (grant.generation > 0 && grant.dead === undefined ? [index] : []));
  return live.at(-1 - (choice % Math.max(1, live.length))) ?? -1;
}

function isFresh(grant: Grant, world: World): boolean {
  return grant.generation === 0 && grant.dead === undefined && grant.expiresAt > world.now;
}

function textOf(world: World, which: (token: NonNullable<ReturnType<World['tokens']['get']>>) => boolean): string | undefined {
  for (const [text, token] of world.tokens) if (which(token)) return text;
  return undefined;
}

/** The newest more often, codes seldom. */
function anyToken(world: World, choice: number): string | undefined {
  const texts = [...world.tokens].flatMap(([text, token]) => (token.kind !== 'code' || choice % 7 === 0 ? [text] : []));
  const reach = choice % 3 === 0 ? texts.length : Math.min(6, texts.length);
  return texts.at(-1 - (choice % Math.max(1, reach)));
}

function liveAccessToken(world: World, choice: number): string | undefined {
  const texts = [...world.tokens].flatMap(([text, token]) => (token.kind === 'access' && isLive(world, token) ? [text] : []));
  return texts.at(-1 - (choice % Math.max(1, Math.min(3, texts.length))));
}

function grantOf(world: World, text: string | undefined): Grant | undefined {
  const token = text === undefined ? undefined : world.tokens.get(text);
  return token === undefined ? undefined : world.grants[token.grant];
}

function presenter(grant: Grant, by: Who): Presenter {
  if (by === 'owner') return { client: grant.client, genuine: true };
  if (by === 'impostor') return { client: grant.client, genuine: false };
  return { client: grant.client === 'pub' ? 'conf' : 'pub', genuine: true };
}

function scopesOf(grant: Grant, scope: 'same' | 'narrower' | 'wider'): readonly string[] | undefined {
  if (scope === 'same') return undefined;
  // An empty one counts as none (RFC 6749 §3.1).
  if (scope === 'narrower') return grant.scopes.slice(0, Math.max(1, grant.scopes.length - 1));
  return [...grant.scopes, ['opaque', 'read', 'profile'].find((more) => !grant.scopes.includes(more)) ?? 'openid'];
}

/** For messages: without what makes a token long. */
export function describeOp(op: Op): string {
  return JSON.stringify(op, (_key, value: unknown) =>
    typeof value === 'string' && value.length > 40 ? `${value.slice(0, 6)}…${value.slice(-6)}` : value,
  );
}
