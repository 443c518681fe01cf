import { PROBLEMS } from '@hufu/protocol/admin/problem';
import { JWT_BEARER_GRANT, SAML2_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '@hufu/protocol/client-metadata';
import { ERROR_CODES } from '@hufu/protocol/errors';
import { CIBA, DEVICE_CODE } from '@hufu/protocol/grant-type';
import { LATENCY_BOUNDS_MS } from '@hufu/store/port/latency';
import { ENDPOINTS, REFUSERS } from './endpoint-labels.ts';

/** A label with all the values that it can have. */
export interface Label {
  readonly name: string;
  readonly values: readonly string[];
}

/** Counters of one kind: one for each combination of its labels' values, side by side. */
export interface Family {
  readonly name: FamilyName;
  readonly labels: readonly Label[];
  /** Where its first counter is. */
  readonly base: number;
  readonly size: number;
}

/** Times in milliseconds: the last bucket has what is longer than every bound. */
const BUCKET: Label = { name: 'bucket', values: [...LATENCY_BOUNDS_MS.map(String), 'more'] };
const ENDPOINT: Label = { name: 'endpoint', values: ENDPOINTS };
const ERRORS: readonly string[] = [...new Set([...ERROR_CODES, ...Object.keys(PROBLEMS), 'other'])];

/** What tokens are counted under: every grant type (a test holds them to the registry), and `front_channel` for access tokens from the authorization endpoint. */
export const TOKEN_SOURCES: readonly string[] = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  JWT_BEARER_GRANT,
  SAML2_BEARER_GRANT,
  TOKEN_EXCHANGE_GRANT,
  'password',
  DEVICE_CODE,
  CIBA,
  'front_channel',
];

/** The last part of a grant type: what people call it. */
function shortName(grantType: string): string {
  return grantType.slice(grantType.lastIndexOf(':') + 1);
}

const NAMES = [
  'requests',
  'request_time',
  'request_ms',
  'tokens',
  'sign_ins',
  'refusals',
  'revocations',
  'mails',
  'store_time',
  'store_ms',
] as const;

export type FamilyName = (typeof NAMES)[number];

const LABELS: Readonly<Record<FamilyName, readonly Label[]>> = {
  requests: [ENDPOINT, { name: 'status', values: ['2xx', '3xx', '4xx', '5xx'] }],
  request_time: [ENDPOINT, BUCKET],
  request_ms: [ENDPOINT],
  tokens: [{ name: 'grant_type', values: TOKEN_SOURCES.map(shortName) }],
  sign_ins: [
    { name: 'method', values: ['password', 'passkey', 'email_code', 'email_link', 'totp', 'recovery_code', 'upstream'] },
    { name: 'outcome', values: ['done', 'failed'] },
  ],
  refusals: [
    { name: 'endpoint', values: REFUSERS },
    { name: 'error', values: ERRORS },
  ],
  revocations: [{ name: 'kind', values: ['grant', 'token', 'session', 'user', 'client', 'key', 'device'] }],
  mails: [{ name: 'outcome', values: ['sent', 'failed', 'dead'] }],
  store_time: [BUCKET],
  store_ms: [],
};

function place(): Readonly<Record<FamilyName, Family>> {
  let base = 0;
  const placed = NAMES.map((name) => {
    const labels = LABELS[name];
    const size = labels.reduce((product, { values }) => product * values.length, 1);
    const family = { name, labels, base, size };
    base += size;
    return [name, family] as const;
  });
  return Object.fromEntries(placed) as unknown as Readonly<Record<FamilyName, Family>>;
}

/** Every family, each with its place in one array of counters. */
export const FAMILIES: Readonly<Record<FamilyName, Family>> = place();

/** In the order of their places. */
export const ALL_FAMILIES: readonly Family[] = Object.values(FAMILIES);

/** How many counters there are. */
export const COUNTERS: number = ALL_FAMILIES.reduce((sum, { size }) => sum + size, 0);

/** Where the counter of some values is: indices into the labels' values, in their order. */
export function slotAt({ base, labels }: Family, ...indices: readonly number[]): number {
  let offset = 0;
  for (const [position, { values }] of labels.entries()) offset = offset * values.length + (indices[position] ?? 0);
  return base + offset;
}

/** The values of the labels of a counter, in their order. */
export function valuesAt({ base, labels }: Family, slot: number): readonly string[] {
  let rest = slot - base;
  const values: string[] = [];
  for (const label of labels.toReversed()) {
    values.unshift(label.values[rest % label.values.length] ?? '');
    rest = Math.floor(rest / label.values.length);
  }
  return values;
}
