/** A case that waits for something that is not built yet. */
export interface Later {
  /** `all`: nothing of it is tested. `rest`: what there is already is tested, this is what remains. */
  readonly what: 'all' | 'rest';
  /** What is missing. */
  readonly missing: string;
}

const all = (missing: string): Later => ({ what: 'all', missing });
const rest = (missing: string): Later => ({ what: 'rest', missing });

/** What is not tested, and why: nothing of the catalogue is left out silently. */
export const LATER: ReadonlyMap<string, Later> = new Map([
  ['RED-05', rest('the registration endpoint; its reader is tested')],
  ['RED-08', rest('the registration endpoint; its reader is tested')],
  ['RED-10', rest('the registration endpoint; its reader is tested')],
  ['RED-15', rest('the registration endpoint; its reader is tested')],
  ['RED-24', rest('the request log of a real browser: with the browser tests')],
  ['RED-25', rest('the registration endpoint; its reader is tested')],
  ['AUT-13', rest('answers in the fragment: with implicit and hybrid flows')],
  ['AUT-15', rest('front-channel tokens that must not travel by query: with implicit and hybrid flows')],
  ['AUT-21', rest('a tenant reachable under its own issuer; a row in another tenant is tested')],
  ['AUT-23', rest('interaction_required: with second factors and step-up')],
  ['AUT-28', rest('the claims parameter; until then it is tested to be inert')],
  ['AUT-29', all('request objects (RFC 9101)')],
  ['AUT-31', rest('request objects (RFC 9101)')],
  ['AUT-33', all('pushed authorization requests (RFC 9126)')],
  ['AUT-34', all('pushed authorization requests (RFC 9126)')],
  ['AUT-35', all('pushed authorization requests (RFC 9126)')],
  ['AUT-36', all('pushed authorization requests (RFC 9126)')],
  ['AUT-38', all('pushed authorization requests (RFC 9126)')],
  ['AUT-39', all('pushed authorization requests (RFC 9126)')],
  ['AUT-40', rest('a list of resources that a client may ask for; the scopes decide today')],
  ['AUT-41', all('authorization_details (RFC 9396)')],
  ['AUT-45', all('acr_values and essential acr')],
  ['AUT-46', all('DPoP (RFC 9449) and pushed authorization requests')],
  ['COD-06', rest('a second tenant that issues')],
  [
    'COD-12',
    rest('a million codes: 400 through the front door and 100,000 secrets are tested; ids of one block share seven characters by design'),
  ],
  ['COD-13', rest('deleting users, second factors that an administrator resets')],
  ['COD-18', rest('ten thousand a second for half a minute, with its p99: with the benchmarks')],
  ['REF-10', rest('locking and deleting users')],
  ['REF-16', rest('the gateway')],
  ['REF-21', all('DPoP (RFC 9449)')],
  ['TOK-05', rest('the medians are printed, not asserted')],
  ['TOK-08', rest('private_key_jwt')],
  ['TOK-10', all('client assertions (RFC 7523)')],
  ['TOK-11', all('client assertions (RFC 7523)')],
  ['TOK-12', all('client assertions (RFC 7523)')],
  ['TOK-14', all('client assertions (RFC 7523)')],
  ['TOK-19', rest('the device grant and token exchange')],
  ['TOK-27', rest('mutual TLS (RFC 8705) and a terminator that is trusted to tell of certificates')],
]);
