import { ROLES, type Role } from '@hufu/protocol/admin/roles';
import { readClientMetadata, writeClientMetadata } from '@hufu/protocol/client-metadata';
import { mapping, object, optional, required } from '@hufu/server/config/collection-shapes';
import { toTypedJson } from '@hufu/server/config/free-json';
import { readIssuer } from '@hufu/server/config/issuer';
import { readText } from '@hufu/server/config/load-config';
import { locate } from '@hufu/server/config/node';
import { ConfigError } from '@hufu/server/config/problem';
import { readDocument } from '@hufu/server/config/read-document';
import { pieceAt } from '@hufu/server/config/read-piece';
import { choice, textAs } from '@hufu/server/config/scalar-shapes';
import { FAILED, Refused, type Shape, type Spot } from '@hufu/server/config/shape';
import { type Environment, substituteVariables } from '@hufu/server/config/substitute';
import { readAnyLimit } from './read-any-limit.ts';

export type Members = Readonly<Record<string, unknown>>;

/** A client as a state file has it. */
export interface WantedClient {
  /** As it is written, with the mark of the file. */
  readonly metadata: Members;
  /** The same as a server keeps it, with its defaults. */
  readonly kept: Members;
}

/** What a state file wants of a server. A part that it does not name is none of its business. */
export interface State {
  /** Whose clients these are: what marks them. */
  readonly owner: string;
  readonly issuer: string | undefined;
  readonly clients: ReadonlyMap<string, WantedClient> | undefined;
  /** Claims by user name. */
  readonly users: ReadonlyMap<string, Members> | undefined;
  /** Roles by user name. */
  readonly administrators: ReadonlyMap<string, Role> | undefined;
  /** Rules by name. */
  readonly limits: ReadonlyMap<string, Members> | undefined;
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const LIMIT_NAME = /^(?:edge:)?[a-z0-9-]{1,64}$/;
const NAME_WORDS = '1 to 64 lower-case letters, digits and hyphens';

/** What marks a client of a state file: its `software_id` (RFC 7591 §2). */
export function markOf(owner: string, name: string): string {
  return `hufu-state:${owner}/${name}`;
}

/** The name of a client in the state file of that owner; undefined where it is none of it. */
export function nameOfMark(owner: string, mark: unknown): string | undefined {
  const before = markOf(owner, '');
  return typeof mark === 'string' && mark.startsWith(before) ? mark.slice(before.length) : undefined;
}

/** Reads a state file (YAML 1.2 or JSON, with `${NAME}` from the environment). Throws `ConfigError` with everything that is wrong with it. */
export async function readState(file: string, env: Environment): Promise<State> {
  const { spot, problems } = pieceAt([]);
  const document = readDocument(await readText(file), file, problems);
  if (document === undefined) throw new ConfigError(problems.sorted());
  const { root } = substituteVariables(document, env, problems);
  const state = stateShape.read(root, spot);
  if (problems.count > 0 || state === FAILED) throw new ConfigError(problems.sorted());
  return state;
}

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const NOT_HERE: Readonly<Record<string, string>> = {
  client_id: 'is the server’s to make: the file knows its clients by names of its own',
  client_secret: 'is the server’s to make',
  software_id: 'is what the file marks its clients with',
};

/** A mapping that `judge` finds faults with. */
function members(judge: (value: Members, name: string) => readonly Fault[]): Shape<Members> {
  return {
    schema: { type: 'object' },
    read(node, spot) {
      if (node.kind !== 'map') return spot.refuse(node, 'must be a mapping');
      const value: Members = Object(toTypedJson(node, undefined));
      const faults = judge(value, String(spot.path.at(-1)));
      for (const { path, message } of faults)
        path.reduce<Spot>((at, step) => at.at(step), spot).report(locate(node, path).node.place, message, '');
      return faults.length === 0 ? value : FAILED;
    },
  };
}

const client = members((written) => {
  for (const [member, message] of Object.entries(NOT_HERE)) if (member in written) return [{ path: [member], message }];
  const read = readClientMetadata(written, { source: 'configuration' });
  return read.kind === 'refused' ? read.faults : [];
});
const claims = members(() => []);
const limit = members((rule, name) => {
  const read = readAnyLimit(name, rule);
  return read.kind === 'refused' ? [{ path: [], message: read.reason }] : [];
});
const name = textAs({ allowed: [NAME_WORDS], maxLength: 64, read: (text) => (NAME.test(text) ? text : new Refused('is no name')) });
const issuer = textAs({ allowed: ['the issuer of a server, as https://id.example'], maxLength: 2_048, read: readIssuer });
const people = { max: 10_000, names: /^.{1,255}$/u, allowed: 'a user name' };

const stateShape: Shape<State> = object({
  keys: {
    owner: required(name, 'Whose clients these are: it marks them, so that several state files can stand beside each other.'),
    issuer: optional(issuer, 'The server that this is about. The file is refused for any other.'),
    clients: optional(
      mapping(client, { max: 10_000, names: NAME, allowed: NAME_WORDS }),
      'Client metadata, as in hufu.yaml, by names of your own.',
    ),
    users: optional(mapping(claims, people), 'Claims by user name. Nobody is ever removed for not being here.'),
    administrators: optional(mapping(choice([...ROLES]), people), 'Roles by user name.'),
    limits: optional(
      mapping(limit, { max: 1_000, names: LIMIT_NAME, allowed: `${NAME_WORDS}; edge: before those of the gateway` }),
      'Limits by name, as limits.builtin and limits.rules have them.',
    ),
  },
  build({ owner, issuer, clients, users, administrators, limits }) {
    return {
      owner,
      issuer,
      clients: clients && new Map(clients.map(([key, written]) => [key, wantedOf(owner, key, written)])),
      users: users && new Map(users),
      administrators: administrators && new Map(administrators),
      limits: limits && new Map(limits),
    };
  },
});

function wantedOf(owner: string, key: string, written: Members): WantedClient {
  const metadata = { ...written, software_id: markOf(owner, key) };
  const read = readClientMetadata(metadata, { source: 'configuration' });
  if (read.kind === 'refused') throw new TypeError('a client was read that does not read');
  return { metadata, kept: JSON.parse(JSON.stringify(writeClientMetadata(read.metadata))) };
}
