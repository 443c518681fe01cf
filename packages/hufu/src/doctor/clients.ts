import { readClientRecord } from '@hufu/server/client-record';
import type { Config } from '@hufu/server/config/config';
import type { ClientRecord } from '@hufu/store/port';
import type { Finding } from './finding.ts';

const MAX_NAMED = 3;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** What clients may do that is weaker than it need be, whoever keeps them: those of each kind in one line. */
export function checkClients(records: readonly ClientRecord[], mode: Config['mode']): readonly Finding[] {
  const weak = new Map<string, string[]>();
  for (const record of records) {
    if (!record.enabled) continue;
    for (const text of weaknessesOf(record, mode)) weak.set(text, [...(weak.get(text) ?? []), record.clientId]);
  }
  return [...weak].map(([text, ids]): Finding => ({ level: 'warning', about: nameThem(ids), text }));
}

function weaknessesOf(record: ClientRecord, mode: Config['mode']): readonly string[] {
  const { applicationType, redirectUris, responseTypes, settings } = readClientRecord(record).metadata;
  const found: string[] = [];
  const isHere = (uri: string): boolean => LOOPBACK.has(URL.parse(uri)?.hostname ?? '');
  if (mode === 'production' && applicationType === 'web' && redirectUris.some(isHere))
    found.push(
      'is a web application with a redirect URI on the machine of its users: any program there may take its codes; that is for development',
    );
  if (settings.pkce === 'optional' || (settings.pkce === undefined && record.source === 'registered'))
    found.push('may do without PKCE; set hufu.pkce: required (RFC 9700 §2.1.1)');
  if (responseTypes.some((type) => type.split(' ').includes('token')))
    found.push('may get access tokens through the address of a page; move it to the code (RFC 9700 §2.1.2)');
  return found;
}

function nameThem(ids: readonly string[]): string {
  const more = ids.length - MAX_NAMED;
  return `${ids.length === 1 ? 'client' : 'clients'} ${ids.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
