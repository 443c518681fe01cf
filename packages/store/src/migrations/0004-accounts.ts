import type { Dialect, Migration } from './migrate.ts';

/**
 * What people prove themselves with, on which devices, and what they are told. New columns that may be NULL, none of them in an index, and new tables:
 * the version before goes on working beside it. (It raises no `auth_version`, asks for no second factor and counts no devices, so these are switched on once
 * all nodes are new.)
 *
 * `users.auth_version` rises in each act that changes what somebody proves themselves with; NULL is 0. `users.deleted_at`: the row stays, empty, so that
 * nothing revives it. `verified_emails` has the folded addresses of those who have shown that one is theirs: who is found by an address is found
 * here, and only while their claims say the same. `sessions.turn` is the order of a user's sign-ins (ids are handed out in blocks, and so are none). `sessions.methods`
 * is JSON. `grants.redeemed_at` is when the exchange was; `suspended_until` stands while the user is locked.
 * `factors.counter` is the last time step or signature counter that was accepted, `lookup` what a factor is found by before its user is known.
 * Counters 'factor', 'device', 'challenge', 'mail' and 'event' are the last ids given out or reserved.
 */
function accounts(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const table = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  // As in `0001-first.ts`: room in the page for the next version of a row.
  const hotTable = sqlite ? table : 'WITH (fillfactor = 70)';
  return [
    `ALTER TABLE users ADD COLUMN auth_version ${int}`,
    `ALTER TABLE users ADD COLUMN locked_until ${int}`,
    `ALTER TABLE users ADD COLUMN deleted_at ${int}`,

    `ALTER TABLE sessions ADD COLUMN device_id ${int}`,
    `ALTER TABLE sessions ADD COLUMN methods ${text}`,
    `ALTER TABLE sessions ADD COLUMN auth_version ${int}`,
    `ALTER TABLE sessions ADD COLUMN turn ${int}`,
    `ALTER TABLE sessions ADD COLUMN browser_hash ${text}`,
    `ALTER TABLE sessions ADD COLUMN ended_reason ${text}`,
    `ALTER TABLE sessions ADD COLUMN ended_by ${int}`,
    `ALTER TABLE sessions ADD COLUMN last_seen_at ${int}`,
    `ALTER TABLE sessions ADD COLUMN fingerprint ${text}`,
    `ALTER TABLE sessions ADD COLUMN place ${text}`,
    `ALTER TABLE grants ADD COLUMN device_id ${int}`,
    `ALTER TABLE grants ADD COLUMN redeemed_at ${int}`,
    `ALTER TABLE grants ADD COLUMN suspended_until ${int}`,

    `CREATE TABLE verified_emails (
      tenant ${int} NOT NULL,
      address ${key} NOT NULL,
      user_id ${int} NOT NULL,
      PRIMARY KEY (tenant, address)
    ) ${table}`,
    'CREATE INDEX verified_emails_by_user ON verified_emails (tenant, user_id)',

    `CREATE TABLE devices (
      tenant ${int} NOT NULL,
      user_id ${int} NOT NULL,
      id ${int} NOT NULL,
      browser_hash ${key} NOT NULL,
      name ${text} NOT NULL,
      type ${text} NOT NULL,
      agent ${text} NOT NULL,
      place ${text} NOT NULL,
      created_at ${int} NOT NULL,
      seen_at ${int} NOT NULL,
      trust_hash ${text},
      trusted_until ${int} NOT NULL,
      auth_version ${int} NOT NULL,
      PRIMARY KEY (tenant, user_id, id)
    ) ${hotTable}`,
    'CREATE UNIQUE INDEX devices_by_browser ON devices (tenant, user_id, browser_hash)',

    `CREATE TABLE factors (
      tenant ${int} NOT NULL,
      user_id ${int} NOT NULL,
      id ${int} NOT NULL,
      kind ${text} NOT NULL,
      name ${text} NOT NULL,
      lookup ${key},
      data ${text} NOT NULL,
      counter ${int} NOT NULL,
      created_at ${int} NOT NULL,
      used_at ${int},
      PRIMARY KEY (tenant, user_id, id)
    ) ${hotTable}`,
    'CREATE UNIQUE INDEX factors_by_lookup ON factors (tenant, kind, lookup) WHERE lookup IS NOT NULL',

    `CREATE TABLE recovery_codes (
      tenant ${int} NOT NULL,
      user_id ${int} NOT NULL,
      code_hash ${key} NOT NULL,
      created_at ${int} NOT NULL,
      PRIMARY KEY (tenant, user_id, code_hash)
    ) ${table}`,

    `CREATE TABLE tries (
      tenant ${int} NOT NULL,
      kind ${key} NOT NULL,
      subject ${key} NOT NULL,
      count ${int} NOT NULL,
      ends_at ${int} NOT NULL,
      PRIMARY KEY (tenant, kind, subject)
    ) ${hotTable}`,
    'CREATE INDEX tries_by_end ON tries (tenant, ends_at)',

    `CREATE TABLE challenges (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      purpose ${text} NOT NULL,
      user_id ${int},
      address ${key} NOT NULL,
      browser_hash ${text} NOT NULL,
      code_hash ${text} NOT NULL,
      link_hash ${text} NOT NULL,
      auth_version ${int} NOT NULL,
      data ${text} NOT NULL,
      tries ${int} NOT NULL,
      created_at ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      used_at ${int},
      PRIMARY KEY (tenant, id)
    ) ${hotTable}`,
    'CREATE INDEX challenges_by_address ON challenges (tenant, address, purpose, created_at)',
    'CREATE INDEX challenges_by_user ON challenges (tenant, user_id, id) WHERE user_id IS NOT NULL',
    'CREATE INDEX challenges_by_end ON challenges (tenant, expires_at)',

    `CREATE TABLE mails (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      sealed ${text} NOT NULL,
      attempt ${int} NOT NULL,
      due_at ${int},
      created_at ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      error ${text},
      PRIMARY KEY (tenant, id)
    ) ${hotTable}`,
    'CREATE INDEX mails_due ON mails (tenant, due_at, id) WHERE due_at IS NOT NULL',
    'CREATE INDEX mails_by_end ON mails (tenant, expires_at)',

    `CREATE TABLE identities (
      tenant ${int} NOT NULL,
      upstream ${key} NOT NULL,
      issuer ${key} NOT NULL,
      subject ${key} NOT NULL,
      user_id ${int} NOT NULL,
      label ${text} NOT NULL,
      linked_at ${int} NOT NULL,
      used_at ${int} NOT NULL,
      PRIMARY KEY (tenant, upstream, issuer, subject)
    ) ${table}`,
    'CREATE INDEX identities_by_user ON identities (tenant, user_id)',

    `CREATE TABLE user_events (
      tenant ${int} NOT NULL,
      user_id ${int} NOT NULL,
      id ${int} NOT NULL,
      at ${int} NOT NULL,
      kind ${text} NOT NULL,
      detail ${text} NOT NULL,
      PRIMARY KEY (tenant, user_id, id)
    ) ${table}`,
  ];
}

export const migration: Migration = { version: 4, name: 'accounts', sqlite: accounts('sqlite'), postgres: accounts('postgres') };
