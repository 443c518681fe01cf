import { DEMAND_RULES } from '../profiles/profile.ts';
import { PROFILE_NAMES, type ProfileName } from '../profiles/profile-names.ts';
import { CLIENT_ID, EFFECT, type Effect, NOTHING, type Nothing, type Operation, PREVIEW, type Preview } from './operation.ts';
import {
  choice,
  flag,
  list,
  maybe,
  members,
  object,
  PAGING,
  type Page,
  type Paging,
  page,
  type Shape,
  text,
  time,
  whole,
} from './shape.ts';

export type ClientSource = 'config' | 'registered' | 'document' | 'admin';
export const CLIENT_SOURCES: readonly ClientSource[] = ['config', 'registered', 'document', 'admin'];

/** A client in a list. */
export interface ClientSummary {
  readonly client_id: string;
  readonly name: string;
  readonly source: ClientSource;
  readonly enabled: boolean;
  readonly auth_method: string;
  readonly created_at: number;
  readonly version: number;
}

/** A secret, by everything but itself. */
export interface SecretView {
  readonly id: string;
  readonly created_at: number;
  /** Absent: never. */
  readonly expires_at?: number;
}

export interface ClientView extends ClientSummary {
  /** As it is registered (RFC 7591 §2), with our own settings under `hufu`. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly secrets: readonly SecretView[];
}

export interface NewClient {
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface MadeClient {
  readonly client: ClientView;
  /** Shown here and nowhere else; absent where the client has none. */
  readonly client_secret?: string;
}

/** What a change of its metadata comes to; with `dry_run`, would. */
export interface ChangedClient extends MadeClient {
  /** What ends by it. */
  readonly effect: Effect;
}

export interface ClientFilter extends Paging {
  /** The id begins with it. */
  readonly prefix?: string;
  readonly source?: ClientSource;
  readonly enabled?: boolean;
}

export interface NewSecret {
  /** Seconds that the secrets before it stay good. */
  readonly overlap?: number;
  /** Seconds until the new one ends; absent: it does not. */
  readonly expires_in?: number;
}

export interface MadeSecret extends SecretView {
  readonly client_secret: string;
}

/** A public key of a client, by what its owner says of it (RFC 7517 §4). */
export interface ClientKeyView {
  readonly kid?: string;
  readonly kty: string;
  readonly crv?: string;
  readonly alg?: string;
  readonly use?: string;
}

export interface ClientKeys {
  readonly source: 'jwks' | 'jwks_uri' | 'none';
  readonly items: readonly ClientKeyView[];
  readonly jwks_uri?: string;
  readonly fetched_at?: number;
  readonly fault?: string;
}

export interface ProfileChoice {
  readonly profile?: ProfileName;
}

/** One thing that a profile wants of a client's registration. */
export interface DemandView {
  readonly member: string;
  readonly rule: (typeof DEMAND_RULES)[number];
  readonly values: readonly string[];
  readonly has: readonly string[];
  readonly met: boolean;
  readonly faults: readonly string[];
}

export interface ProfileCheck {
  readonly client_id: string;
  readonly profile: ProfileName;
  readonly held: boolean;
  readonly meets: boolean;
  readonly demands: readonly DemandView[];
  readonly server: readonly { readonly setting: string; readonly message: string }[];
}

const SUMMARY = {
  client_id: CLIENT_ID,
  name: text('Its name, or its id where it has none.'),
  source: choice(
    '`config`: hufu.yaml has it. `registered`: it did so itself. `document`: its id is the address of what it is. `admin`: an administrator made it.',
    CLIENT_SOURCES,
  ),
  enabled: flag('Whether anything is given to it.'),
  auth_method: text('How it proves itself (`token_endpoint_auth_method`, RFC 7591 §2).'),
  created_at: time('When it was first seen.'),
  version: whole('Rises with each change.'),
};
const SECRET = {
  id: text('What the secret is called by.', { min: 16, max: 16 }),
  created_at: time('When it was made.'),
  expires_at: maybe(time('When it ends; absent where it does not.')),
};
const METADATA: Shape<Readonly<Record<string, unknown>>> = members(
  'Client metadata (RFC 7591 §2, OpenID Connect Registration §2), with our own settings under `hufu`, as hufu.yaml has them.',
);
const summary: Shape<ClientSummary> = object<ClientSummary>('ClientSummary', SUMMARY);
const secret: Shape<SecretView> = object<SecretView>('ClientSecret', SECRET);
export const CLIENT: Shape<ClientView> = object<ClientView>('Client', {
  ...SUMMARY,
  metadata: METADATA,
  secrets: list('Secrets that are good, newest first.', secret),
});
const body: Shape<NewClient> = object<NewClient>('NewClient', { metadata: METADATA });

export interface ClientOperations {
  readonly 'clients.list': Operation<never, ClientFilter, undefined, Page<ClientSummary>>;
  readonly 'clients.get': Operation<'client_id', Nothing, undefined, ClientView>;
  readonly 'clients.check': Operation<'client_id', ProfileChoice, undefined, ProfileCheck>;
  readonly 'clients.keys.list': Operation<'client_id', Nothing, undefined, ClientKeys>;
  readonly 'clients.create': Operation<never, Nothing, NewClient, MadeClient>;
  readonly 'clients.update': Operation<'client_id', Preview, NewClient, ChangedClient>;
  readonly 'clients.disable': Operation<'client_id', Preview, undefined, Effect>;
  readonly 'clients.enable': Operation<'client_id', Nothing, undefined, ClientView>;
  readonly 'clients.revoke': Operation<'client_id', Preview, undefined, Effect>;
  readonly 'clients.delete': Operation<'client_id', Preview, undefined, Effect>;
  readonly 'clients.secrets.create': Operation<'client_id', Nothing, NewSecret, MadeSecret>;
  readonly 'clients.secrets.delete': Operation<'client_id' | 'secret_id', Nothing, undefined, undefined>;
}

const params = { client_id: CLIENT_ID };
const demand: Shape<DemandView> = object<DemandView>('ProfileDemand', {
  member: text('The member of its metadata to look at; a dot leads into `hufu`.'),
  rule: choice(
    '`one_of`: what is chosen is among `values`. `only`: all of the list is. `not`: none of `values` is there. `https`: every address is. `needed`: it is there, or true. `either`: it is, or one of the members in `values`.',
    DEMAND_RULES,
  ),
  values: list('What the rule is about.', text('A value, or a member.')),
  has: list('What the client has; empty: nothing is said.', text('A value, or a member that is there.')),
  met: flag('Whether it is met.'),
  faults: list('What is wrong. Each reads on from the name of the member.', text('One fault.')),
});
const clientKey: Shape<ClientKeyView> = object<ClientKeyView>('ClientKey', {
  kid: maybe(text('Its name.')),
  kty: text('Its kind.'),
  crv: maybe(text('Its curve.')),
  alg: maybe(text('The one algorithm that it is for.')),
  use: maybe(text('`sig` or `enc`; absent: both.')),
});
const MADE = {
  client: CLIENT,
  client_secret: maybe(text('The secret. It is shown here and nowhere else.')),
};
const made: Shape<MadeClient> = object<MadeClient>('MadeClient', MADE);
const changed: Shape<ChangedClient> = object<ChangedClient>('ChangedClient', { ...MADE, effect: EFFECT });

export const CLIENT_OPERATIONS: ClientOperations = {
  'clients.list': {
    method: 'GET',
    path: '/clients',
    summary: 'Clients, in order of their ids.',
    role: 'read',
    effect: 'read',
    params: {},
    query: object<ClientFilter>('', {
      ...PAGING,
      prefix: maybe(text('What the id begins with.', { min: 1, max: 255 })),
      source: maybe(choice('Who keeps it.', CLIENT_SOURCES)),
      enabled: maybe(flag('Whether it is enabled.')),
    }),
    reply: { status: 200, body: page(summary) },
  },
  'clients.get': {
    method: 'GET',
    path: '/clients/{client_id}',
    summary: 'One client.',
    role: 'read',
    effect: 'read',
    params,
    query: NOTHING,
    reply: { status: 200, body: CLIENT },
  },
  'clients.check': {
    method: 'GET',
    path: '/clients/{client_id}/profile',
    summary: 'What a profile wants of a client, what it has, and which member to change where that is not enough.',
    role: 'read',
    effect: 'read',
    params,
    query: object<ProfileChoice>('', {
      profile: maybe(choice('The profile; where it is left out, the one that the client is held to, or else `oauth21`.', PROFILE_NAMES)),
    }),
    reply: {
      status: 200,
      body: object<ProfileCheck>('ProfileCheck', {
        client_id: CLIENT_ID,
        profile: choice('The profile.', PROFILE_NAMES),
        held: flag('Whether the client is held to it now.'),
        meets: flag('Whether every demand is met, and the server lacks nothing for it.'),
        demands: list('What it wants of the registration.', demand),
        server: list(
          'What the server itself lacks for it.',
          object<ProfileCheck['server'][number]>('ServerFault', {
            setting: text('The member of hufu.yaml to change.'),
            message: text('What is wrong with it.'),
          }),
        ),
      }),
    },
  },
  'clients.keys.list': {
    method: 'GET',
    path: '/clients/{client_id}/keys',
    summary: 'The public keys of a client, as the node that answers has them. Nothing is fetched for it.',
    role: 'read',
    effect: 'read',
    params,
    query: NOTHING,
    reply: {
      status: 200,
      body: object<ClientKeys>('ClientKeyList', {
        source: choice('`jwks`: they stand in its metadata. `jwks_uri`: behind its address. `none`: it has none.', [
          'jwks',
          'jwks_uri',
          'none',
        ]),
        items: list('Those that can be used, in its order.', clientKey),
        jwks_uri: maybe(text('Its address.')),
        fetched_at: maybe(time('When they were fetched from there; absent: not since this node started.')),
        fault: maybe(text('What was wrong with the last attempt to fetch them.')),
      }),
    },
  },
  'clients.create': {
    method: 'POST',
    path: '/clients',
    summary: 'Makes a client. None that is made here may ask for scopes of the admin API.',
    role: 'security',
    effect: 'dangerous',
    params: {},
    query: NOTHING,
    body,
    reply: { status: 201, body: made },
    once: true,
  },
  'clients.update': {
    method: 'PUT',
    path: '/clients/{client_id}',
    summary:
      'Puts new metadata in the place of all that was there. Where somebody else could stand behind the client after it, its grants end.',
    role: 'security',
    effect: 'dangerous',
    params,
    query: PREVIEW,
    body,
    reply: { status: 200, body: changed },
    match: 'required',
    conflicts: true,
  },
  'clients.disable': {
    method: 'POST',
    path: '/clients/{client_id}/disable',
    summary: 'Suspends a client and all that was granted to it, until it is enabled again.',
    role: 'security',
    effect: 'dangerous',
    params,
    query: PREVIEW,
    reply: { status: 200, body: EFFECT },
    match: 'optional',
    conflicts: true,
  },
  'clients.enable': {
    method: 'POST',
    path: '/clients/{client_id}/enable',
    summary: 'Lets a disabled client go on, with what was granted to it.',
    role: 'security',
    effect: 'change',
    params,
    query: NOTHING,
    reply: { status: 200, body: CLIENT },
    match: 'optional',
    conflicts: true,
  },
  'clients.revoke': {
    method: 'POST',
    path: '/clients/{client_id}/revoke',
    summary: 'Ends everything that was granted to a client. It may be granted anew.',
    role: 'security',
    effect: 'dangerous',
    params,
    query: PREVIEW,
    reply: { status: 200, body: EFFECT },
  },
  'clients.delete': {
    method: 'DELETE',
    path: '/clients/{client_id}',
    summary: 'Removes a client that was made here or registered itself, with all that was granted to it.',
    role: 'security',
    effect: 'dangerous',
    params,
    query: PREVIEW,
    reply: { status: 200, body: EFFECT },
    match: 'required',
    conflicts: true,
  },
  'clients.secrets.create': {
    method: 'POST',
    path: '/clients/{client_id}/secrets',
    summary: 'Gives a client a new secret; the ones before it stay good for the overlap.',
    role: 'security',
    effect: 'dangerous',
    params,
    query: NOTHING,
    body: object<NewSecret>('NewSecret', {
      overlap: maybe(whole('Seconds that the secrets before it stay good; a day where it is left out.', { max: 7_776_000 })),
      expires_in: maybe(whole('Seconds until the new one ends; where it is left out, it does not.', { min: 60, max: 315_360_000 })),
    }),
    reply: {
      status: 201,
      body: object<MadeSecret>('MadeSecret', { ...SECRET, client_secret: text('The secret. It is shown here and nowhere else.') }),
    },
    once: true,
    conflicts: true,
  },
  'clients.secrets.delete': {
    method: 'DELETE',
    path: '/clients/{client_id}/secrets/{secret_id}',
    summary: 'Ends a secret of a client at once.',
    role: 'security',
    effect: 'dangerous',
    params: { ...params, secret_id: text('The secret of this client.', { min: 1, max: 64 }) },
    query: NOTHING,
    reply: { status: 204 },
    conflicts: true,
  },
};
