import type { FieldReader, TextRules } from './field-reader.ts';

/** The members of a client's metadata about the keys that its requests come with. */
export interface ClientSender {
  /** RFC 9449 §5.2: it never gets a bearer's token. */
  readonly dpopBoundAccessTokens: boolean;
  /** RFC 8705 §3.4: its access tokens are bound to the certificate of the connection that they are asked for on. */
  readonly certificateBoundAccessTokens: boolean;
  /** Whom its certificate has to name (RFC 8705 §2.1.2); undefined unless its method is `tls_client_auth`. */
  readonly tlsClientAuth: TlsClientSubject | undefined;
}

/** What of a certificate is compared, and with what. */
export interface TlsClientSubject {
  readonly field: TlsSubjectField;
  readonly value: string;
}

/** `tls_client_auth_` and this is the name of the member (RFC 8705 §2.1.2). */
export type TlsSubjectField = 'subject_dn' | 'san_dns' | 'san_uri' | 'san_ip' | 'san_email';

/** The same under wire names. */
export interface ClientSenderWire {
  readonly dpop_bound_access_tokens?: boolean;
  readonly tls_client_certificate_bound_access_tokens?: boolean;
  readonly tls_client_auth_subject_dn?: string;
  readonly tls_client_auth_san_dns?: string;
  readonly tls_client_auth_san_uri?: string;
  readonly tls_client_auth_san_ip?: string;
  readonly tls_client_auth_san_email?: string;
}

/** Each with the longest it may be. */
export const TLS_SUBJECT_FIELDS: Readonly<Record<TlsSubjectField, TextRules>> = {
  subject_dn: { max: 1_000, check: findEmptyFault },
  san_dns: { max: 253, check: findEmptyFault },
  san_uri: { max: 2_048, check: findEmptyFault },
  san_ip: { max: 45, check: (text) => (/^[0-9a-fA-F:.]+$/.test(text) ? undefined : 'is not an IP address') },
  san_email: { max: 320, check: findEmptyFault },
};

/** Reads those members. */
export function readClientSender(fields: FieldReader): ClientSender {
  const subjects = FIELDS.flatMap((field) => {
    const value = fields.text(`tls_client_auth_${field}`, TLS_SUBJECT_FIELDS[field]);
    return value === undefined ? [] : [{ field, value }];
  });
  for (const { field } of subjects.slice(1)) fields.fault([`tls_client_auth_${field}`], 'stands beside another member of its kind');
  return {
    dpopBoundAccessTokens: fields.flag('dpop_bound_access_tokens') ?? false,
    certificateBoundAccessTokens: fields.flag('tls_client_certificate_bound_access_tokens') ?? false,
    tlsClientAuth: subjects[0],
  };
}

/** Notes what does not go together. */
export function checkClientSender(
  sender: ClientSender,
  {
    tokenEndpointAuthMethod: authMethod,
    responseTypes,
  }: { readonly tokenEndpointAuthMethod: string; readonly responseTypes: readonly string[] },
  fields: FieldReader,
): void {
  const named = FIELDS.filter((field) => fields.take(`tls_client_auth_${field}`) !== undefined);
  if (authMethod === 'tls_client_auth' && named.length === 0)
    fields.fault(['tls_client_auth_subject_dn'], 'is needed (or one of its kind): token_endpoint_auth_method is tls_client_auth');
  if (authMethod !== 'tls_client_auth' && named[0] !== undefined)
    fields.fault([`tls_client_auth_${named[0]}`], `has no use: token_endpoint_auth_method is ${authMethod}`);
  // What comes through the browser comes to nobody who has shown a key: it would be a bearer's.
  const front = responseTypes.find((type) => type.split(' ').includes('token'));
  if (front !== undefined && (sender.dpopBoundAccessTokens || sender.certificateBoundAccessTokens))
    fields.fault(['response_types'], `has ${front}, which brings access tokens that are bound to no key`);
  if (sender.dpopBoundAccessTokens && sender.certificateBoundAccessTokens)
    fields.fault(['dpop_bound_access_tokens'], 'stands beside tls_client_certificate_bound_access_tokens; a token has one key');
}

/** Under wire names; undefined members are to be left out. */
export function writeClientSender(sender: ClientSender): { readonly [Name in keyof ClientSenderWire]: ClientSenderWire[Name] | undefined } {
  return {
    dpop_bound_access_tokens: sender.dpopBoundAccessTokens ? true : undefined,
    tls_client_certificate_bound_access_tokens: sender.certificateBoundAccessTokens ? true : undefined,
    ...(sender.tlsClientAuth === undefined ? {} : { [`tls_client_auth_${sender.tlsClientAuth.field}`]: sender.tlsClientAuth.value }),
  };
}

const FIELDS: readonly TlsSubjectField[] = ['subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email'];

function findEmptyFault(text: string): string | undefined {
  return text === '' ? 'is empty' : undefined;
}
