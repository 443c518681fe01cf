/**
 * What records and logs keep of a text that a stranger sent: everything but credentials of ours and JWTs. Clients put things into the wrong
 * parameter, and proxies into the address; a secret that is recorded once is a secret no longer (attacks CRY-01).
 */
export function redact(text: string): string {
  return text.replace(CREDENTIAL, '[credential]');
}

/** Tally credentials with the head at least (docs/decisions/0002), and what begins like a JWT's header. */
const CREDENTIAL = /hf[abcdgimprs]_[\w-]{16,}|eyJ[\w-]{10,}(?:\.[\w-]*){1,4}/g;

/** An id that nobody registered may be somebody's secret, sent in the wrong place: enough of it to find a typing error. */
export function beginningOf(unknownId: string): string {
  return unknownId.length <= SHOWN + 1 ? unknownId : `${unknownId.slice(0, SHOWN)}…`;
}

const SHOWN = 8;
