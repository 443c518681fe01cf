import { type HashFormat, type PasswordHash, readBase64, readHex, readParts } from './hash.ts';

const MAX_ITERATIONS = 2_000_000;

/**
 * PBKDF2 (RFC 8018 §5.2) with HMAC of SHA-1, SHA-256 or SHA-512: as a PHC string, `$pbkdf2-sha256$i=600000$salt$hash`; as passlib writes it, without `i=`; as
 * Django does, `pbkdf2_sha256$600000$salt$hash`; and as Werkzeug does, `pbkdf2:sha256:600000$salt$hash` with the hash in hexadecimal. Salts of the last two
 * are plain text.
 */
export const pbkdf2: HashFormat = {
  name: 'PBKDF2',
  begins: /^\$pbkdf2|^pbkdf2[_:]/,
  read(text) {
    const phc = /^\$pbkdf2(-sha1|-sha256|-sha512)?\$(?:i=)?(\d{1,8})(?:,l=\d{1,3})?\$([A-Za-z0-9+/.]{2,88})\$([A-Za-z0-9+/.]{22,88})$/.exec(
      text,
    );
    // Without a name it is SHA-1: so passlib calls the oldest.
    if (phc !== null) return read(phc[1]?.slice(1) ?? 'sha1', phc[2], readBase64(phc[3] ?? ''), readBase64(phc[4] ?? ''));
    const django = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,8})\$([A-Za-z0-9]{4,64})\$([A-Za-z0-9+/]{22,86}={0,2})$/.exec(text);
    if (django !== null) return read(django[1], django[2], Buffer.from(django[3] ?? '', 'latin1'), readBase64(django[4] ?? ''));
    const werkzeug = /^pbkdf2:(sha1|sha256|sha512):(\d{1,8})\$([A-Za-z0-9]{4,64})\$([0-9a-f]{32,128})$/.exec(text);
    if (werkzeug !== null) return read(werkzeug[1], werkzeug[2], Buffer.from(werkzeug[3] ?? '', 'latin1'), readHex(werkzeug[4] ?? ''));
    return 'is not a PBKDF2 hash of SHA-1, SHA-256 or SHA-512 ($pbkdf2-sha256$i=…$salt$hash, pbkdf2_sha256$…$salt$hash)';
  },
};

function read(
  hash: string | undefined,
  rounds: string | undefined,
  salt: Uint8Array | undefined,
  digest: Uint8Array | undefined,
): PasswordHash | string {
  const iterations = Number(rounds);
  if (iterations < 1 || iterations > MAX_ITERATIONS) return `must have 1 to ${MAX_ITERATIONS} iterations`;
  const parts = readParts(salt, digest);
  if (parts === undefined || (hash !== 'sha1' && hash !== 'sha256' && hash !== 'sha512')) return 'has a salt or a hash that is not one';
  return { kind: 'pbkdf2', hash, iterations, ...parts };
}
