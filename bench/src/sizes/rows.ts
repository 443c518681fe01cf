import { base32, type Dialect } from './dialect.ts';
import type { Sizes } from './sizes.ts';
import {
  BUSY_USER,
  CHILDREN,
  FIRST_GRANT,
  FIRST_SESSION,
  FIRST_USER,
  HUGE_CLIENT,
  OLD_CLIENT,
  OLD_USER,
  PARENT_GRANT,
  RARE_ERROR,
} from './skew.ts';

/** Rows of a table, each made out of its number. */
export interface Rows {
  readonly table: string;
  /** Columns and what they hold, as SQL of both engines over `n`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly count: number;
}

const HOUR = 3_600;
const DAY = 86_400;

/** All tables but the audit log, whose hashes no engine makes. `now`: seconds. */
export function rowsOf(sizes: Sizes, { pad }: Dialect, tenant: number, now: number): readonly Rows[] {
  const { users, clients, grants } = sizes;
  const user = `(n * 7919) % ${users} + 1`;
  const client = (number: string): string => `'client-' || ${pad(number, 5)}`;
  const sub = (id: string): string => `'s' || ${pad(id, 8)}`;
  const letter = (by: string): string => `substr('abcdefghijklmnopqrstuvwxyz', CAST((${by}) % 26 AS integer) + 1, 1)`;
  const spread = (by: string): string => client(`3 + ((n / 2) * ${by}) % ${clients - 2}`);
  const owner = `CASE WHEN n % 200 = 0 THEN ${BUSY_USER} WHEN n % 25 = 1 AND n <= ${grants} / 10 THEN ${OLD_USER} ELSE ${user} END`;
  const isEnded = 'n % 3 = 0';
  const seen = `${now - 30 * DAY} + n % ${29 * DAY}`;
  const isDeleted = 'n % 1000 = 3';
  return [
    {
      table: 'users',
      count: users,
      columns: {
        tenant: `${tenant}`,
        id: `${FIRST_USER} + n`,
        sub: sub('n'),
        username: `CASE WHEN ${isDeleted} THEN '' ELSE ${letter('n')} || 'user' || ${pad('n', 7)} END`,
        username_folded: `CASE WHEN ${isDeleted} THEN '\u0001deleted ' || (${FIRST_USER} + n) ELSE ${letter('n')} || 'user' || ${pad('n', 7)} END`,
        password_hash: `CASE WHEN ${isDeleted} THEN NULL ELSE '$argon2id$v=19$m=19456,t=2,p=1$' || ${pad('n', 22)} || '$' || ${pad('n', 43)} END`,
        claims: `CASE WHEN ${isDeleted} THEN '{}' ELSE '{"name":"Person ' || n || '","email":"p' || n || '@example.com","email_verified":true}' END`,
        enabled: `CASE WHEN n % 100 = 0 OR ${isDeleted} THEN 0 ELSE 1 END`,
        created_at: `${now - 365 * DAY} + n`,
        updated_at: `${now - 30 * DAY} + n`,
        password_changed_at: `${now - 365 * DAY} + n`,
        source: `CASE WHEN n % 10 = 0 THEN 'admin' WHEN n % 3 = 0 THEN 'upstream' ELSE 'sign_up' END`,
        auth_version: '1',
        locked_until: `CASE WHEN n % 1000 = 7 THEN ${now + DAY} WHEN n % 50 = 2 THEN ${now - DAY} END`,
        deleted_at: `CASE WHEN ${isDeleted} THEN ${now - DAY} END`,
      },
    },
    {
      table: 'verified_emails',
      count: users,
      columns: { tenant: `${tenant}`, address: `'p' || n || '@example.com'`, user_id: `${FIRST_USER} + n` },
    },
    {
      table: 'clients',
      count: clients,
      columns: {
        tenant: `${tenant}`,
        client_id: client('n'),
        metadata: `'{"client_name":"Client ' || n || '","token_endpoint_auth_method":"none","redirect_uris":["https://c' || n || '.example/cb"],"grant_types":["authorization_code","refresh_token"]}'`,
        secrets: `'[]'`,
        enabled: 'CASE WHEN n % 50 = 7 THEN 0 ELSE 1 END',
        epoch: 'CASE WHEN n % 20 = 0 THEN 1 ELSE 0 END',
        version: 'n',
        source: `CASE WHEN n % 10 < 6 THEN 'registered' WHEN n % 10 < 9 THEN 'admin' ELSE 'document' END`,
        created_at: `${now - 300 * DAY} + n`,
        revoked_at: `CASE WHEN n % 20 = 0 THEN ${now - DAY} END`,
        disabled_at: `CASE WHEN n % 50 = 7 THEN ${now - DAY} END`,
        used_at: `CASE WHEN n % 10 < 6 THEN ${now - HOUR} END`,
      },
    },
    {
      table: 'sessions',
      count: sizes.sessions,
      columns: {
        tenant: `${tenant}`,
        id: `${FIRST_SESSION} + n`,
        user_id: `${FIRST_USER} + CASE WHEN n % 500 = 0 AND n <= 50000 THEN ${BUSY_USER} ELSE ${user} END`,
        secret_hash: pad('n', 43),
        auth_time: seen,
        amr: `'pwd'`,
        created_at: seen,
        expires_at: `${now + DAY} + n % ${DAY}`,
        ended_at: `CASE WHEN ${isEnded} THEN ${now - HOUR} END`,
        user_agent: `'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'`,
        purge_at: `CASE WHEN ${isEnded} THEN ${now + DAY} ELSE ${now + 2 * DAY} + n % ${DAY} END`,
        device_id: 'n',
        methods: `'[["password",' || (${seen}) || ']]'`,
        auth_version: '1',
        turn: 'n',
        last_seen_at: `${now - DAY} + n % ${DAY}`,
        ended_reason: `CASE WHEN ${isEnded} THEN 'signed_out' END`,
      },
    },
    {
      table: 'devices',
      count: sizes.devices,
      columns: {
        tenant: `${tenant}`,
        user_id: `${FIRST_USER} + CASE WHEN n % 500 = 0 AND n <= 50000 THEN ${BUSY_USER} ELSE ${user} END`,
        id: 'n',
        browser_hash: pad('n', 43),
        name: `'Firefox on Linux'`,
        type: `'desktop'`,
        agent: `'Firefox 140 on Linux'`,
        place: `''`,
        created_at: seen,
        seen_at: seen,
        trusted_until: '0',
        auth_version: '1',
      },
    },
    {
      table: 'consents',
      count: sizes.consents,
      columns: {
        tenant: `${tenant}`,
        user_id: `${FIRST_USER + 1} + n % ${users}`,
        client_id: client(`3 + (n / ${users}) * 17 + n % 1000`),
        scopes: `'openid email'`,
        resources: `''`,
        granted_at: seen,
        updated_at: seen,
      },
    },
    {
      table: 'grants',
      count: grants,
      columns: {
        tenant: `${tenant}`,
        id: `${FIRST_GRANT} + n`,
        generation: '1 + n % 5',
        key_id: '1',
        rotated_at: `${now - DAY} + n % ${DAY}`,
        expires_at: `CASE WHEN n % 50 = 4 THEN ${now - 300} ELSE ${now + 10 * DAY} + n % ${DAY} END`,
        idle_seconds: `CASE WHEN n % 2 = 0 THEN ${180 * DAY} ELSE 0 END`,
        revoked_at: `CASE WHEN n % 10 = 3 THEN ${now - HOUR} END`,
        revoked_reason: `CASE WHEN n % 10 = 3 THEN 'revoked_by_user' END`,
        has_revoked_tokens: '0',
        user_id: `${FIRST_USER} + ${owner}`,
        subject: sub(owner),
        client_id: `CASE WHEN n % 2 = 0 THEN '${HUGE_CLIENT}' WHEN n <= ${grants} / 10 THEN '${OLD_CLIENT}' ELSE ${spread('31')} END`,
        client_epoch: '0',
        session_id: `${FIRST_SESSION} + n % ${sizes.sessions}`,
        parent_id: `CASE WHEN n > 500 AND n <= ${500 + CHILDREN} THEN ${PARENT_GRANT} WHEN n % 20 = 5 AND n > 2000 THEN ${FIRST_GRANT} + n - 1 END`,
        scopes: `'openid email read'`,
        resources: `'https://api.example/'`,
        auth_time: seen,
        amr: `'pwd'`,
        offline: '0',
        created_at: seen,
        redeemed: '1',
        secret_hash: pad('n', 43),
        access_hash: pad('n + 1', 43),
        purge_at: `CASE WHEN n % 10 = 3 THEN ${now + 6 * DAY} WHEN n % 50 = 4 THEN ${now + 300} ELSE ${now + 10 * DAY + 600} + n % ${DAY} END`,
        redeemed_at: seen,
      },
    },
    {
      table: 'revocations',
      count: sizes.revocations,
      columns: {
        tenant: `${tenant}`,
        seq: 'n',
        kind: `'grant'`,
        subject: `'' || (${FIRST_GRANT} + n)`,
        reason: `'revoked_by_user'`,
        revoked_at: `${now - HOUR}`,
        expires_at: `${now + 10 * DAY}`,
      },
    },
    decisionRows(sizes, spread('37'), tenant, now),
  ];
}

/** Four a second, the last a second ago. Which error comes from where is as it is with us: some pairs are frequent, and others never are. */
function decisionRows({ decisions }: Sizes, spread: string, tenant: number, now: number): Rows {
  const atMs = `(${now * 1000 - 250 * decisions - 1000} + n * 250)`;
  const kind = '(n / 2) % 100';
  // Those of the loud client are all alike.
  const by = (loud: string, cases: readonly (readonly [below: number, text: string])[], last: string, rare: string): string =>
    `CASE WHEN n = ${Math.floor(decisions / 3) | 1} THEN '${rare}' WHEN n % 2 = 0 THEN '${loud}' ${cases.map(([below, text]) => `WHEN ${kind} < ${below} THEN '${text}'`).join(' ')} ELSE '${last}' END`;
  const error = by(
    'invalid_grant',
    [
      [20, 'invalid_grant'],
      [50, 'invalid_token'],
      [70, 'invalid_client'],
      [90, 'access_denied'],
    ],
    'limited',
    RARE_ERROR,
  );
  const endpoint = by(
    'token',
    [
      [20, 'token'],
      [50, 'userinfo'],
      [70, 'token'],
      [90, 'authorize'],
    ],
    'edge',
    'token',
  );
  return {
    table: 'decisions',
    count: decisions,
    columns: {
      tenant: `${tenant}`,
      id: `${base32(atMs, 10)} || ${base32('n', 8)}`,
      made_at: `${atMs} / 1000`,
      endpoint,
      status: '400',
      error,
      client_id: `CASE WHEN n % 2 = 0 THEN '${HUGE_CLIENT}' ELSE ${spread} END`,
      record: `'{"description":"the refresh token is not the latest","checks":[{"check":"client_known","outcome":"passed"},{"check":"grant_known","outcome":"failed","detail":"generation ' || n || '"}]}'`,
    },
  };
}
