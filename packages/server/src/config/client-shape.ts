import { usesClientSecret } from '@hufu/protocol/client-jose';
import { CLIENT_REGISTRIES, type ClientMetadata, readClientMetadata, writeClientMetadata } from '@hufu/protocol/client-metadata';
import { type ClientId, isClientId } from '@hufu/protocol/ids';
import { MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import { usualAlgorithm } from '../keys/usual-algorithm.ts';
import { CLIENT_FIELDS, LOCALIZED_VARIANT } from './client-fields.ts';
import { type Key, list, object, optional, required } from './collection-shapes.ts';
import type { ClientConfig } from './config.ts';
import { describeSchema, reportUnknownKeysBelow, schemaAt, toTypedJson, wordsOf } from './free-json.ts';
import { findNearest } from './nearest.ts';
import { type ConfigNode, findText, findValue, listItems, locate, type MapNode } from './node.ts';
import type { Path } from './path.ts';
import { hidden, textAs } from './scalar-shapes.ts';
import type { Secret } from './secret.ts';
import { FAILED, type Failed, type JsonSchema, Refused, type Shape, type Spot } from './shape.ts';

const MIN_SECRET = 16;
const GOOD_SECRET = 32;

const clientId: Shape<ClientId> = textAs({
  allowed: ['1 to 255 visible ASCII characters'],
  pattern: '^[\\x21-\\x7e]+$',
  maxLength: 255,
  read: (value) => (isClientId(value) ? value : new Refused('holds a character that a client id cannot hold')),
});

/** RFC 6749 appendix A.2, and long enough for the mode. */
const clientSecret: Shape<Secret<string>> = hidden(
  textAs({
    allowed: ['printable ASCII'],
    maxLength: 1024,
    read: (value) => (/^[\x20-\x7e]+$/.test(value) ? value : new Refused('holds a character other than printable ASCII')),
  }),
);

const client: Shape<ClientConfig> = object({
  keys: {
    client_id: required(clientId, 'Identifier of the client.'),
    client_secret: optional(
      clientSecret,
      'Secret of a confidential client, best as ${VARIABLE}: at least 16 characters in mode production, better 32 random ones.',
    ),
    ...Object.fromEntries(Object.entries(CLIENT_FIELDS).map(([name, { doc, schema }]) => [name, metadataKey(schema, doc)])),
  },
  variants: LOCALIZED_VARIANT,
  check(node, spot) {
    const failed = checkSecret(node, spot) === FAILED;
    const metadata = readMetadata(node, spot);
    return failed ? FAILED : metadata;
  },
  build: ({ client_id, client_secret }, metadata) => ({
    clientId: client_id,
    clientSecret: client_secret,
    metadata: { ...writeClientMetadata(metadata) },
  }),
});

/** `clients`. */
export const clientsShape: Shape<readonly ClientConfig[]> = list(client, { max: 10_000, unique: [{ path: ['client_id'] }] });

/** Judged as a whole by `readMetadata`; only what the protocol cannot say well, which keys are unknown, is said here. */
function metadataKey(schema: JsonSchema, doc: string): Key<undefined> {
  return { doc, schema, required: false, read: (entry, _owner, spot) => entry && reportUnknownKeysBelow(entry.value, schema, spot) };
}

function checkSecret(node: MapNode, spot: Spot): Failed | undefined {
  const written = findValue(node, 'client_secret');
  const length = findText(written)?.length ?? 0;
  if (written === undefined || length === 0 || spot.reading.mode !== 'production') return undefined;
  const here = spot.at('client_secret').asSecret();
  if (length < MIN_SECRET)
    return here.refuse(written, `is shorter than ${MIN_SECRET} characters`, [`${MIN_SECRET} or more characters in mode production`]);
  if (length < GOOD_SECRET) here.warn(written, `is shorter than ${GOOD_SECRET} characters`);
  return undefined;
}

/** Whoever reads an ID token that is keyed with a short secret finds the secret by trying (RFC 7518 §3.2). */
function checkMacSecret(node: MapNode, metadata: ClientMetadata, spot: Spot): Failed | undefined {
  const written = findValue(node, 'client_secret');
  const keyed = usesClientSecret(metadata) || metadata.tokenEndpointAuthMethod === 'client_secret_jwt';
  if (written === undefined || !keyed || (findText(written)?.length ?? 0) >= GOOD_SECRET) return undefined;
  return spot
    .at('client_secret')
    .asSecret()
    .refuse(written, `is shorter than ${GOOD_SECRET} characters, and an algorithm is keyed with it`, [`${GOOD_SECRET} or more characters`]);
}

/** RFC 7591 §2, by the protocol's reader; its faults get their places. */
function readMetadata(node: MapNode, spot: Spot): ClientMetadata | Failed {
  const { algorithms } = spot.reading;
  const read = readClientMetadata(toTypedJson(node, SCHEMA), {
    source: 'configuration',
    secret: findValue(node, 'client_secret') === undefined ? 'absent' : 'given',
    elsewhere: ['client_id', 'client_secret'],
    registries: { ...CLIENT_REGISTRIES, idTokenAlgs: [...algorithms, ...MAC_ALGS] },
  });
  const misdirected = checkResources(node, spot);
  if (read.kind === 'refused') {
    for (const fault of read.faults) reportFault(node, fault.path, fault.message, spot);
    return FAILED;
  }
  if (misdirected === FAILED || checkMacSecret(node, read.metadata, spot) === FAILED) return FAILED;
  warnOfPasswords(node, read.metadata, spot);
  const usual = usualAlgorithm(algorithms, 'RS256');
  return findValue(node, 'id_token_signed_response_alg') === undefined
    ? { ...read.metadata, idTokenSignedResponseAlg: usual }
    : read.metadata;
}

const SCHEMA: JsonSchema = { properties: Object.fromEntries(Object.entries(CLIENT_FIELDS).map(([name, { schema }]) => [name, schema])) };

function reportFault(root: MapNode, path: Path, message: string, spot: Spot): void {
  const { node, exact } = locate(root, path);
  const here = path.reduce((inner, part) => inner.at(part), spot);
  if (!exact) return void here.report(node.place, message, '');
  const schema = schemaAt(SCHEMA, path);
  const isVariant = path.length === 1 && LOCALIZED_VARIANT.test(String(path[0]));
  if (schema === undefined && !isVariant && isMember(path)) return; // an unknown key, reported as such
  const shown = isMember(path) ? here : here.asSecret();
  const words = wordsOf(schema);
  const text = findText(node);
  const known = text !== undefined && words.includes(text);
  if (known && String(path[0]).endsWith('_signed_response_alg'))
    shown.refuse(node, 'is not among signing.algorithms', spot.reading.algorithms);
  else if (known || words.length === 0) shown.refuse(node, message, describeSchema(schema));
  else shown.refuse(node, 'is not one of the allowed values', words, text === undefined ? undefined : findNearest(text, words));
}

/** Not a member of a key, nor the secret: what the schema has to know, and an error may show. */
function isMember(path: Path): boolean {
  return path[0] !== 'jwks' && path[0] !== 'client_secret';
}

/** A resource that does not exist is one that nobody would ever be asked about, or get a token for. */
function checkResources(root: ConfigNode, spot: Spot): Failed | undefined {
  const { identifiers } = spot.reading;
  let failed: Failed | undefined;
  for (const path of RESOURCE_LISTS) {
    const named = listItems(path.reduce<ConfigNode | undefined>(findValue, root));
    for (const [index, node] of named.entries()) {
      const text = findText(node);
      if (text === undefined || identifiers.includes(text)) continue;
      const here = path.reduce((inner, part) => inner.at(part), spot).at(index);
      failed = here.refuse(node, 'is not a resource of this configuration', identifiers, findNearest(text, identifiers));
    }
  }
  return failed;
}

const RESOURCE_LISTS: readonly (readonly string[])[] = [
  ['hufu', 'resource_server_of'],
  ['hufu', 'token_exchange', 'audiences'],
];

/** RFC 9700 §2.4: it is there for those who cannot do without yet, and they are told each time. */
function warnOfPasswords(root: ConfigNode, metadata: ClientMetadata, spot: Spot): void {
  const written = findValue(findValue(root, 'hufu'), 'unsafe_password_grant');
  if (written === undefined || !metadata.settings.unsafePasswordGrant) return;
  spot
    .at('hufu')
    .at('unsafe_password_grant')
    .warn(
      written,
      'lets a client ask users for their passwords, which RFC 9700 §2.4 forbids: no second factor, no single sign-on, no page of ours',
    );
}
