import { resolve } from 'node:path';
import type { Config } from '@hufu/server/config/config';
import { DEMO_API_PATH, DEMO_CLIENTS, DEMO_USER } from './demo-config.ts';

/**
 * What `npm start` says at the end: where things are, who may sign in, two commands to copy, where the data lies and how to stop. The
 * secrets in it are those of the demo.
 *
 * @param edge where its gateway is, where it runs.
 */
export function demoSummary(config: Config, edge?: string): string {
  const { issuer } = config;
  const rows: readonly Row[] = [
    ['Try it', `${issuer}/demo`],
    ...(edge === undefined ? [] : [['At the edge', `${edge}/  (a page without tokens, behind the gateway)`] as const]),
    ['Console', `${issuer}/console`],
    ['Sign in as', `${DEMO_USER.username} / ${DEMO_USER.password}`],
    [],
    ['Issuer', issuer],
    ['Discovery', `${issuer}/.well-known/openid-configuration`],
    ['Demo API', `${issuer}${DEMO_API_PATH}/notes`],
    [],
    ['Clients', `${DEMO_CLIENTS.web}  (public, with PKCE)`],
    ['', `${DEMO_CLIENTS.confidential}  ${secretOf(config, DEMO_CLIENTS.confidential)}`],
    ['', `${DEMO_CLIENTS.machine}  ${secretOf(config, DEMO_CLIENTS.machine)}`],
    [],
    ['Data', `${dataPlace(config)}; a second start goes on with it`],
    ['Terminal', 'npx hufu login; then npx hufu token'],
    ['Stop', 'Ctrl-C'],
  ];
  return [
    '',
    '  Hufu is running.',
    '',
    ...rows.map(formatRow),
    '',
    '  A token for a machine, and the demo API called with it:',
    '',
    ...demoCommands(config),
    '',
  ].join('\n');
}

/** Two lines for a POSIX shell with curl and sed: the first gets a token (RFC 6749 §4.4) and shows it, the second uses it (RFC 6750 §2.1). */
export function demoCommands(config: Config): readonly [string, string] {
  const { issuer } = config;
  const basic = `${DEMO_CLIENTS.machine}:${secretOf(config, DEMO_CLIENTS.machine)}`;
  const ask = `curl -sS -u ${basic} -d grant_type=client_credentials ${issuer}/oauth/token`;
  return [
    `TOKEN=$(${ask} | sed -n 's/.*"access_token":"\\([^"]*\\)".*/\\1/p'); echo "$TOKEN"`,
    `curl -sS -H "Authorization: Bearer $TOKEN" ${issuer}${DEMO_API_PATH}/notes`,
  ];
}

/** A name and what belongs to it; an empty one is an empty line. */
type Row = readonly [] | readonly [name: string, value: string];

const NAME_WIDTH = 12;

function formatRow([name, value]: Row): string {
  return name === undefined ? '' : `  ${name.padEnd(NAME_WIDTH)}${value ?? ''}`;
}

function secretOf(config: Config, clientId: string): string {
  return config.clients.find((client) => client.clientId === clientId)?.clientSecret?.reveal() ?? '';
}

/** A URL of PostgreSQL may hold a password, so it is only named. */
function dataPlace({ database }: Config): string {
  return database.kind === 'sqlite' ? resolve(database.path) : 'the PostgreSQL database that HUFU_DATABASE names';
}
