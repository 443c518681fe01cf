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
  ['RED-24', rest('the request log of a real browser: with the browser tests')],
  ['AUT-21', rest('a tenant reachable under its own issuer; a row in another tenant is tested')],
  ['AUT-23', rest('interaction_required: with second factors and step-up')],
  ['AUT-40', rest('a list of resources that a client may ask for; the scopes decide today')],
  ['COD-06', rest('a second tenant that issues')],
  ['COD-12', rest('a million codes: 400 through the front door and 100,000 secrets are tested')],
  ['COD-13', rest('deleting users, second factors that an administrator resets')],
  ['COD-18', rest('ten thousand a second for half a minute, with its p99: with the benchmarks')],
  ['REF-10', rest('locking and deleting users')],
  ['REF-16', rest('the gateway')],
  ['TOK-05', rest('the medians are printed, not asserted')],
  ['INT-04', rest('a token of a second tenant that issues: one sealed for another tenant is tested; times are printed, not asserted')],
  ['INT-10', rest('the cache of a gateway')],
  ['INT-13', rest('deleting users')],
  ['INT-16', all('pairwise subjects (OpenID Connect Core §8.1)')],
  ['SES-01', rest('step-up and switching roles')],
  ['SES-03', rest('the cookies of the gateway')],
  ['SES-09', rest('an administrator that does it through the admin API, and deleting users')],
  ['SES-11', all('second factors: there is no session with one factor of two')],
  ['SES-12', rest('a list of sessions on the account page; its list of apps is tested')],
  ['SES-14', all('sessions that an administrator may forbid to be long')],
  ['CON-02', rest('the forms of admin pages; those of devices are DEV-10')],
  ['CON-03', rest('optional scopes with a box to uncheck: today all or nothing is agreed to')],
  ['CON-11', rest('roles and administrators')],
  ['CON-12', rest('delegated administrators; strangers are tested')],
  ['DEV-15', rest('second factors')],
  ['DEV-18', rest('a million codes: 100,000 are drawn beside their maker')],
  ['DEV-20', rest('a tenant reachable under its own issuer; its rows are tested')],
  ['HTP-01', rest('the limit of the admin API')],
  ['HTP-02', rest('slowhttptest, and p99 under 2,000 connections: 400 are opened, 2,000 in the long run, and times are printed')],
  ['HTP-03', rest('claims and PATCH')],
  ['HTP-06', rest('times are printed, not asserted')],
  ['HTP-12', rest('headers that can be configured: there are none')],
  ['HTP-13', rest('the memory is printed, not asserted')],
  ['HTP-15', rest('10,000 idle connections: 500, and 9,000 in the long run')],
  ['SSR-01', rest('sector_identifier_uri, back-channel logout, client ID metadata documents: with registration and logout')],
  ['SSR-06', rest('an admin port of our own: there is none')],
  ['CRY-01', rest('traces, metrics, mail and webhooks')],
  ['CRY-03', rest('seeds of one-time passwords; device codes are DEV-21')],
  ['CRY-04', rest('comparisons are looked for in the sources; the times of a bootstrap key are not measured: there is none')],
  ['CRY-07', rest('an audit log; the line of the log is tested')],
  ['CRY-09', rest('command lines of the CLI, support bundles and backups')],
  ['CRY-10', rest('an audit against an advisory database, an SBOM, and the bytes of the whole release')],
  ['JWT-01', rest('client assertions and request objects: those are attacked beside their own reader')],
  ['JWT-13', rest('the time and the memory are not measured: nothing is begun')],
  ['JWT-15', rest('a ROCA modulus at the endpoint: the reader that it calls is tested with one')],
  ['JWT-17', rest('the audience of access tokens, which is tested in the SDK')],
  ['JWT-18', rest('software statements, and userinfo answers as hints')],
  ['JWT-25', rest('times are not asserted')],
  ['JWT-30', all('patterns: no option of ours takes any')],
  [
    'LOG-09',
    all('the client SDK, which takes logout tokens; examples/web-app takes them with jose, and refuses an ID token in their place'),
  ],
]);
