import { readClientMetadata } from '@hufu/protocol/client-metadata';
import type { Profile } from '@hufu/protocol/profiles/profile';
import { PROFILES } from '@hufu/protocol/profiles/registry';
import { readClientRecord } from '@hufu/server/client-record';
import type { Config } from '@hufu/server/config/config';
import { strangersProfile } from '@hufu/server/registration/profile';
import { findServerFaults } from '@hufu/server/registration/server-faults';
import type { ClientRecord } from '@hufu/store/port';
import type { Finding } from './finding.ts';

/**
 * What each configured client lives by, and what the server itself lacks for that. A client that does not meet its profile has been refused with the
 * configuration; what is told here no single client can say.
 */
export function checkProfiles(config: Config): readonly Finding[] {
  const findings: Finding[] = [];
  const used = new Set<Profile>();
  for (const { clientId, metadata } of config.clients) {
    const read = readClientMetadata(metadata, { source: 'store' });
    if (read.kind === 'refused') continue;
    const { profile: name = '', unsafePasswordGrant } = read.metadata.settings;
    const profile = PROFILES.get(name);
    if (profile !== undefined) {
      used.add(profile);
      findings.push({ level: 'ok', about: `client ${clientId}`, text: `meets ${name}` });
    }
    if (unsafePasswordGrant)
      findings.push({
        level: 'warning',
        about: `client ${clientId}`,
        text: 'asks users for their passwords (hufu.unsafe_password_grant), which RFC 9700 §2.4 forbids; move it to the authorization code',
      });
  }
  for (const profile of used) {
    const about = `profile ${profile.name}`;
    for (const { message } of findServerFaults(profile, config)) findings.push({ level: 'warning', about, text: message });
  }
  return findings;
}

/** Clients that came before `policies.registered_clients.profile` and would not be registered under it. Each of their requests is held to it all the same. */
export function checkRegistered(config: Config, records: readonly ClientRecord[]): readonly Finding[] {
  const profile = strangersProfile(config);
  if (profile === undefined) return [];
  const faulty = records
    .filter(({ source }) => source === 'registered')
    .flatMap((record) => {
      const [fault] = profile.findFaults(readClientRecord(record).metadata);
      return fault === undefined ? [] : [{ id: record.clientId, fault }];
    });
  const [first] = faulty;
  if (first === undefined) return [];
  const text = `${faulty.length} were registered before they had to meet ${profile.name}, such as ${first.id}: ${first.fault.member} ${first.fault.message}`;
  return [{ level: 'warning', about: 'registered clients', text }];
}
