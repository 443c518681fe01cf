import { NOTHING, type Nothing, type Operation } from './operation.ts';
import { choice, flag, list, maybe, members, object, type Shape, text } from './shape.ts';
import type { Items } from './users.ts';

/** Somebody else who may say who people are, without a secret. */
export interface UpstreamView {
  readonly name: string;
  /** Where hufu.yaml has it. */
  readonly setting: string;
  /** As its button calls it. */
  readonly label: string;
  readonly kind: 'oidc' | 'oauth2' | 'saml' | 'ldap';
  readonly preset?: string;
  readonly enabled: boolean;
  readonly link: 'off' | 'verified_email';
  /** Of the addresses that its word counts for. */
  readonly domains: readonly string[];
  /** Whether somebody whom nobody here knows gets an account. */
  readonly create: boolean;
  /** Who it says it is: an issuer, an entity id, or the address of a directory. */
  readonly issuer: string;
  readonly client_id?: string;
  readonly client_auth?: string;
  readonly scopes?: readonly string[];
  /** What has to be registered there. */
  readonly redirect_uri?: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

const upstream: Shape<UpstreamView> = object<UpstreamView>('Upstream', {
  name: text('In addresses and in what is kept: it never changes.'),
  setting: text('Where hufu.yaml has it: it is changed there.'),
  label: text('As its button calls it, in English.'),
  kind: choice('What is spoken with it.', ['oidc', 'oauth2', 'saml', 'ldap']),
  preset: maybe(text('The provider that it is.')),
  enabled: flag('Whether people sign in by it now; what is linked stays either way.'),
  link: choice('`verified_email`: its word for a verified address of `domains` finds the account that has that address.', [
    'off',
    'verified_email',
  ]),
  domains: list('Of the addresses that its word counts for.', text('A domain.')),
  create: flag('Whether somebody whom nobody here knows gets an account.'),
  issuer: text('Its issuer, its entity id, or the address of the directory.'),
  client_id: maybe(text('What we are called there.')),
  client_auth: maybe(text('How we prove ourselves there: the secret itself is nowhere here.')),
  scopes: maybe(list('What is asked for.', text('A scope.'))),
  redirect_uri: maybe(text('Where its answers come to: has to be registered there.')),
  claims: members('What claims of ours are called there, where they are called otherwise.'),
});

export interface UpstreamOperations {
  readonly 'upstreams.list': Operation<never, Nothing, undefined, Items<UpstreamView>>;
}

export const UPSTREAM_OPERATIONS: UpstreamOperations = {
  'upstreams.list': {
    method: 'GET',
    path: '/upstreams',
    summary: 'Providers that people sign in with, in the order of their buttons, each with whom its word counts for.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: { status: 200, body: object<Items<UpstreamView>>('UpstreamList', { items: list('All there are.', upstream) }) },
  },
};
