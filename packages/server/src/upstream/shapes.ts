import { findWebUriFault } from '@hufu/protocol/web-uri';
import { type Key, list, object, optional, required, withDefault } from '../config/collection-shapes.ts';
import { findText, findValue, type MapNode } from '../config/node.ts';
import { choice, flag, hidden, text, textAs } from '../config/scalar-shapes.ts';
import type { Secret } from '../config/secret.ts';
import { type Failed, Refused, type Shape, type Spot } from '../config/shape.ts';
import type { PersonClaim, UpstreamBase } from '../config/upstream-config.ts';

/** What the entries of `upstreams` are made of. */

export const webUri: Shape<string> = textAs({
  allowed: ['https://…, or http on localhost, 127.0.0.1 and [::1]'],
  maxLength: 2048,
  read(value) {
    const fault = findWebUriFault(value);
    return fault === undefined ? value : new Refused(fault);
  },
});

/** Kept apart in the store by it: at most 255 characters. */
export const identifier: Shape<string> = text(255);
export const clientId: Shape<string> = text(255);
export const secretText: Shape<Secret<string>> = hidden(text(4096));
/** A private key in PEM. */
export const privateKey: Shape<Secret<string>> = hidden(text(8192));

export const scopes: Shape<readonly string[]> = list(
  textAs({
    allowed: ['a scope'],
    maxLength: 255,
    read: (value) => (/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value) ? value : new Refused('is not a scope token')),
  }),
  { max: 50, unique: [{ path: [] }] },
);

const name: Shape<string> = textAs({
  allowed: ['a to z, 0 to 9 and -, up to 32 of them'],
  maxLength: 32,
  read: (value) => (/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(value) ? value : new Refused('cannot stand in an address')),
});

const domain: Shape<string> = textAs({
  allowed: ['a domain, as example.com'],
  maxLength: 253,
  read: (value) =>
    /^(?=.*\.)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(value) ? value : new Refused('is not a domain in small ASCII letters'),
});

const claimName: Shape<string> = text(100);
const claims: Shape<Readonly<Partial<Record<PersonClaim, string>>>> = object({
  keys: {
    name: optional(claimName, 'Full name.'),
    given_name: optional(claimName, 'Given name.'),
    family_name: optional(claimName, 'Family name.'),
    nickname: optional(claimName, 'Casual name.'),
    preferred_username: optional(claimName, 'What a new account is called.'),
    email: optional(claimName, 'Email address.'),
    email_verified: optional(claimName, 'Whether the address is theirs: JSON true counts, nothing else.'),
    locale: optional(claimName, 'Language.'),
  },
  build: (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
});

interface BaseKeys {
  readonly name: Key<string>;
  readonly kind: Key<string | undefined>;
  readonly preset: Key<string | undefined>;
  readonly label: Key<string | undefined>;
  readonly enabled: Key<boolean>;
  readonly create: Key<boolean>;
  readonly claims: Key<UpstreamBase['claims']>;
}

interface EmailKeys {
  readonly link: Key<UpstreamBase['link']>;
  readonly domains: Key<readonly string[]>;
}

/** The keys of every entry. `kind` and `preset` have been read when they are. */
export const BASE_KEYS: BaseKeys = {
  name: required(name, 'What it is called in addresses (/signin/with/NAME) and in the store. Never to be changed, nor given to another.'),
  kind: optional(text(32), 'Its protocol.'),
  preset: optional(text(32), 'A provider that we know.'),
  label: optional(text(60), 'What its button says. By default the provider’s name.'),
  enabled: withDefault(flag, true, 'Whether it may be used. Off, what is linked stays linked, and opens nothing.'),
  create: withDefault(flag, false, 'Whether somebody who has no account here gets one.'),
  claims: withDefault(claims, {}, 'Where a claim has another name there.'),
};

/** Those of upstreams that say of an address whether it was verified. */
export const EMAIL_KEYS: EmailKeys = {
  link: withDefault(
    choice(['off', 'verified_email']),
    'off',
    'verified_email: who comes for the first time is the user with the same verified address, if its domain is listed. Whoever runs such a domain’s mail may then sign in as its people.',
  ),
  domains: withDefault(
    list(domain, { max: 100, unique: [{ path: [] }] }),
    [],
    'Domains of the addresses that its word counts for: only those are verified here because it says so.',
  ),
};

interface BaseValues {
  readonly name: string;
  readonly label: string | undefined;
  readonly enabled: boolean;
  readonly create: boolean;
  readonly claims: UpstreamBase['claims'];
  readonly link?: 'off' | 'verified_email';
  readonly domains?: readonly string[];
}

/** The part of an entry that all of them have. */
export function buildBase(values: BaseValues, preset: string | undefined): UpstreamBase {
  const { name, label, enabled, create, claims, link = 'off', domains = [] } = values;
  return { name, preset, label, enabled, link, domains, create, claims };
}

/** Linking by address without a list of domains would believe anybody about anybody. */
export function checkLink(node: MapNode, spot: Spot): Failed | undefined {
  const domains = findValue(node, 'domains');
  if (findText(findValue(node, 'link')) !== 'verified_email' || (domains?.kind === 'list' && domains.items.length > 0)) return undefined;
  return spot.at('domains').report(node.place, 'is needed with link: verified_email', '', ['the domains whose addresses it may speak for']);
}
