/** The cases of the attack catalogue, a group a line: what `coverage.test.ts` holds the suite to. */
export const CATALOGUE: Readonly<Record<string, string>> = {
  // Redirect URIs, open redirectors
  RED: '01 02 03 04 05 07 08 10 11 12 14 15 16 17 18 21 22 24 25 27 28',
  // The authorization request
  AUT: '01 02 04 06 07 08 11 12 13 14 15 17 19 20 21 22 23 24 26 28 29 31 32 33 34 35 36 38 39 40 41 44 45 46',
  // The life of a code
  COD: '01 02 04 05 06 08 09 10 11 12 13 15 18 19 20',
  // Refresh tokens
  REF: '01 02 06 07 08 09 10 11 13 14 15 16 17 21 22 23',
  // The token endpoint and client authentication
  TOK: '01 02 03 04 05 06 08 10 11 12 14 15 16 17 18 19 21 22 23 24 25 26 27',
  // Proofs of possession
  DPO: '01 03 04 06 07 09 10 11 12 13 15 16',
  // Introspection, revocation, userinfo, resource access
  INT: '01 02 04 05 06 07 08 10 12 13 14 16',
  // Token exchange
  EXC: '01 03 04 05 06 09 10',
  // Sessions and cookies
  SES: '01 03 05 06 08 09 11 12 14 15',
  // Consent, CSRF, clickjacking
  CON: '01 02 03 05 07 08 09 11 12 13',
  // Cross-site scripting
  XSS: '01 02 03 04 05 07 08',
  // Signing in with somebody else, linking
  FED: '01 04 05 06 07 08 10 11 12',
  // Passwords, second factors, recovery, enumeration
  USR: '01 02 04 06 08 09 10 11 13 14 17 19 22 23 24 25 26 28',
  // HTTP parsing, limits, injection, pollution
  HTP: '01 02 03 05 06 07 08 09 10 11 12 13 15 16',
  // Outbound requests
  SSR: '01 03 05 06 07 08 09 10 12 14',
  // Whoever takes a JWT
  JWT: '01 02 06 08 09 10 11 13 14 15 17 18 19 22 23 24 25 26 27 28 30',
  // Logout
  LOG: '01 02 03 04 05 06 08 09 10 12 13',
  // The device grant, phishing across devices, CIBA
  DEV: '01 02 03 07 09 10 11 14 15 16 17 18 20 21 22',
  // Registration and client ID metadata documents
  REG: '01 02 03 05 06 07 08 09 10 11 12 13 14 16 18',
  // The edge gateway and its sessions
  GTW: '01 03 05 07 08 09 10 11 12 13 16 18 20 21 22 23',
  // Keys, randomness, storage, logs
  CRY: '01 03 04 05 06 07 08 09 10',
};
