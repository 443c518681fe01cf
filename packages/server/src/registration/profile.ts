import type { Profile } from '@hufu/protocol/profiles/profile';
import type { ProfileName } from '@hufu/protocol/profiles/profile-names';
import { PROFILES } from '@hufu/protocol/profiles/registry';
import { type Client, isVouchedFor } from '../client-record.ts';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';

/** The profile that clients live by which nobody of ours has configured; undefined for none. */
export function strangersProfile({ policies }: Config): Profile | undefined {
  return PROFILES.get(policies.registeredClients.profile ?? '');
}

/** The profile of that name. */
export function requireProfile(name: ProfileName): Profile {
  const found = PROFILES.get(name);
  if (found === undefined) throw new TypeError(`no profile ${name}`);
  return found;
}

/** The profile that the client is held to now; undefined for none. */
export function profileOf(config: Config, { metadata, record }: Client): Profile | undefined {
  const stranger = isVouchedFor(record) ? undefined : strangersProfile(config);
  return stranger ?? PROFILES.get(metadata.settings.profile ?? '');
}

const held = new WeakMap<Client, Client>();

/**
 * The client as its requests are judged: one that registered itself, or that a document describes, is held to the rules of `policies.registered_clients.profile`,
 * which is not written into its row: the configuration of today counts. The same object for the same client.
 */
export function underProfile({ config }: Context, client: Client): Client {
  if (isVouchedFor(client.record)) return client;
  const profile = strangersProfile(config);
  if (profile === undefined) return client;
  const known = held.get(client);
  if (known?.metadata.rules === profile.rules) return known;
  const strict = { ...client, metadata: { ...client.metadata, rules: profile.rules } };
  held.set(client, strict);
  return strict;
}
