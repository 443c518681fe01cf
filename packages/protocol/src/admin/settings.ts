import { NOTHING, type Nothing, type Operation } from './operation.ts';
import { choice, flag, list, members, object, type Shape, text, whole } from './shape.ts';
import type { Items } from './users.ts';

/** An API that tokens are for (RFC 8707). */
export interface ResourceView {
  readonly identifier: string;
  readonly scopes: readonly string[];
  readonly token_format: 'jwt' | 'opaque';
  readonly signing_alg: string;
  readonly token_ttl: number;
}

/** What holds now, without a secret. */
export interface SettingsView {
  readonly issuer: string;
  readonly mode: 'production' | 'development' | 'test';
  readonly database: 'sqlite' | 'postgres';
  readonly redis: boolean;
  readonly signing_algorithms: readonly string[];
  readonly rotate_every: number;
  /** Defaults, hufu.yaml and the environment together, as the server has read them: names are the server's own. */
  readonly effective: Readonly<Record<string, unknown>>;
}

const resource: Shape<ResourceView> = object<ResourceView>('Resource', {
  identifier: text('What requests name it by, and the audience of its tokens.'),
  scopes: list('What it offers.', text('A scope.')),
  token_format: choice('What its tokens are.', ['jwt', 'opaque']),
  signing_alg: text('What its JWTs are signed with.'),
  token_ttl: whole('For how many seconds its tokens live.'),
});

export interface SettingOperations {
  readonly 'resources.list': Operation<never, Nothing, undefined, Items<ResourceView>>;
  readonly 'settings.get': Operation<never, Nothing, undefined, SettingsView>;
}

export const SETTING_OPERATIONS: SettingOperations = {
  'resources.list': {
    method: 'GET',
    path: '/resources',
    summary: 'Resources, in the order in which a request that names none gets them.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: { status: 200, body: object<Items<ResourceView>>('ResourceList', { items: list('All there are.', resource) }) },
  },
  'settings.get': {
    method: 'GET',
    path: '/settings',
    summary: 'The configuration that holds, without secrets, clients and users.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: {
      status: 200,
      body: object<SettingsView>('Settings', {
        issuer: text('The issuer identifier.'),
        mode: choice('What is allowed.', ['production', 'development', 'test']),
        database: choice('What it keeps things in.', ['sqlite', 'postgres']),
        redis: flag('Whether nodes share limits and events by Redis.'),
        signing_algorithms: list('What it signs with.', text('JOSE `alg`.')),
        rotate_every: whole('For how many seconds a key is in use.'),
        effective: members('All of it, as the server has read it.'),
      }),
    },
  },
};
