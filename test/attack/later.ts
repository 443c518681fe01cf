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
  ['AUT-23', rest('interaction_required: a step-up is login_required here')],
  ['AUT-40', rest('a list of resources that a client may ask for; the scopes decide today')],
  ['COD-06', rest('a second tenant that issues')],
  ['COD-12', rest('a million codes: 400 through the front door and 100,000 secrets are tested')],
  ['COD-13', rest('deleting users, second factors that an administrator resets')],
  ['COD-18', rest('ten thousand a second for half a minute, with its p99: with the benchmarks')],
  ['REF-10', rest('locking and deleting users')],
  ['TOK-05', rest('the medians are printed, not asserted')],
  ['INT-04', rest('a token of a second tenant that issues: one sealed for another tenant is tested; times are printed, not asserted')],
  ['INT-13', rest('deleting users')],
  ['INT-16', all('pairwise subjects (OpenID Connect Core §8.1)')],
  ['SES-01', rest('switching roles')],
  ['SES-09', rest('an administrator that does it through the admin API')],
  ['CON-02', rest('the forms of admin pages; those of devices are DEV-10')],
  ['CON-03', rest('optional scopes with a box to uncheck: today all or nothing is agreed to')],
  ['XSS-08', all('what tenants put on their pages')],
  ['USR-01', rest('invitations')],
  ['USR-08', rest('an administrator who unlocks through the admin API')],
  ['USR-14', rest('personal access tokens: there are none')],
  ['USR-23', all('organisations whose people sign in in one way alone')],
  ['USR-25', rest('passwords that were found elsewhere: those that most people choose are refused')],
  ['CON-11', rest('roles and administrators')],
  ['CON-12', rest('delegated administrators; strangers are tested')],
  ['DEV-18', rest('a million codes: 100,000 are drawn beside their maker')],
  ['DEV-20', rest('a tenant reachable under its own issuer; its rows are tested')],
  ['FED-11', all('the admin API, and administrators for a part of it: no API writes identities')],
  ['GTW-18', rest('frames of HTTP/2: nothing here speaks it')],
  ['HTP-01', rest('the limit of the admin API')],
  ['HTP-02', rest('slowhttptest, and p99 under 2,000 connections: 400 are opened, 2,000 in the long run, and times are printed')],
  ['HTP-03', rest('claims and PATCH')],
  ['HTP-06', rest('times are printed, not asserted')],
  ['HTP-12', rest('headers that can be configured: there are none')],
  ['HTP-13', rest('the memory is printed, not asserted')],
  ['HTP-15', rest('10,000 idle connections: 500, and 9,000 in the long run')],
  ['SSR-01', rest('sector_identifier_uri, back-channel logout, client ID metadata documents: with registration and logout')],
  ['SSR-06', rest('an admin port of our own: there is none')],
  ['CRY-01', rest('traces and metrics')],
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
  ['JWT-30', rest('a pattern of your own (`tokenPattern` of the SDK) is yours to keep linear')],
  [
    'LOG-09',
    all(
      'nothing here takes logout tokens: those who do are tested beside their code (readLogoutToken of the client SDK, examples/web-app, examples/express-app)',
    ),
  ],
]);
