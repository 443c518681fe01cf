import { readFileSync } from 'node:fs';
import { isMembers, type Members, readMembers, readNumber, readText, readTexts } from '../json.ts';
import type { Jwk } from '../jwk.ts';

/** What the benchmark hands to a program it starts, as a JSON file whose path is the first argument. */
export interface ProgramSettings {
  readonly port: number;
  readonly issuer: string;
  /** The program's own folder. */
  readonly directory: string;
  readonly postgresUrl: string;
  /** Private JWKs. */
  readonly ecKey: Jwk;
  readonly rsaKey: Jwk;
  /** The public key of `SIGNER_ID`. */
  readonly clientKey: Jwk;
  /** `Work.kind` of the scenario. */
  readonly work: string;
  readonly resource: string;
  readonly scope: string;
  readonly clientId: string;
  /** `ES256`, `RS256` or ''. */
  readonly idToken: string;
  readonly users: number;
  readonly documentHeaders: readonly string[];
  readonly documentBody: string;
}

export function readSettings(): ProgramSettings {
  const path = process.argv[2];
  if (path === undefined) throw new TypeError('the first argument is the settings file');
  const members = readMembers(readFileSync(path, 'utf8'), path);
  return {
    port: readNumber(members, 'port'),
    issuer: readText(members, 'issuer'),
    directory: readText(members, 'directory'),
    postgresUrl: readText(members, 'postgresUrl'),
    ecKey: readKey(members, 'ecKey'),
    rsaKey: readKey(members, 'rsaKey'),
    clientKey: readKey(members, 'clientKey'),
    work: readText(members, 'work'),
    resource: readText(members, 'resource'),
    scope: readText(members, 'scope'),
    clientId: readText(members, 'clientId'),
    idToken: readText(members, 'idToken'),
    users: readNumber(members, 'users'),
    documentHeaders: readTexts(members, 'documentHeaders'),
    documentBody: readText(members, 'documentBody'),
  };
}

function readKey(members: Members, name: string): Jwk {
  const value = members[name];
  if (!isMembers(value)) throw new TypeError(`${name} is not a key`);
  return value;
}
