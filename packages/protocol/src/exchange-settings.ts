import type { FieldReader } from './field-reader.ts';
import { isScopeToken } from './scope.ts';
import { findResourceFault, findWebUriFault, MAX_URI_LENGTH } from './web-uri.ts';

/** What a client may exchange tokens for (RFC 8693): the `token_exchange` member of its settings. Without it: nothing. */
export interface ExchangeSettings {
  /** Identifiers of the resources (RFC 8707 §2) that it may get tokens for. */
  readonly audiences: readonly string[];
  /** The most that such a token may say; the subject token's own scopes are the other bound. */
  readonly scopes: readonly string[];
  /** Whether it may go without an actor: the token then says nothing of it (RFC 8693 §1.1). */
  readonly impersonation: boolean;
  /** Foreign authorization servers that it may carry its users' identity to. */
  readonly idJag: readonly IdJagSettings[];
}

/** A foreign authorization server that takes our word for a user (ID-JAG §4). */
export interface IdJagSettings {
  /** Its issuer. */
  readonly audience: string;
  /** How it knows the client. */
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** Reads the `token_exchange` member; undefined where there is none. */
export function readExchangeSettings(fields: FieldReader): ExchangeSettings | undefined {
  const inner = fields.object('token_exchange');
  if (inner === undefined) return undefined;
  const settings = {
    audiences: inner.texts('audiences', MAX_AUDIENCES, { max: MAX_URI_LENGTH, check: findResourceFault }) ?? [],
    scopes: readScopes(inner),
    impersonation: inner.flag('impersonation') ?? false,
    idJag: (inner.objects('id_jag', MAX_AUDIENCES) ?? []).map(readIdJag),
  };
  inner.finish();
  return settings;
}

/** As plain members. */
export function writeExchangeSettings(settings: ExchangeSettings | undefined): Readonly<Record<string, unknown>> | undefined {
  if (settings === undefined) return undefined;
  const { audiences, scopes, impersonation, idJag } = settings;
  const written = idJag.map(({ audience, clientId, scopes: released }) => ({ audience, client_id: clientId, scopes: released }));
  return { audiences, scopes, impersonation, id_jag: written };
}

const MAX_AUDIENCES = 100;
const MAX_SCOPES = 200;

function readIdJag(fields: FieldReader): IdJagSettings {
  const audience = fields.text('audience', { max: MAX_URI_LENGTH, check: findWebUriFault });
  const clientId = fields.text('client_id', { max: 255, check: findVisibleFault });
  const settings = { audience: audience ?? '', clientId: clientId ?? '', scopes: readScopes(fields) };
  for (const name of ['audience', 'client_id']) if (fields.take(name) === undefined) fields.fault([name], 'is missing');
  fields.finish();
  return settings;
}

function readScopes(fields: FieldReader): readonly string[] {
  return fields.texts('scopes', MAX_SCOPES, { max: 255, check: (text) => (isScopeToken(text) ? undefined : 'is not a scope') }) ?? [];
}

function findVisibleFault(text: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(text) ? undefined : 'is not visible ASCII';
}
