import { type HashFormat, type PasswordHash, readBase64, readHex, readParts } from './hash.ts';

/** Blocks of 128 bytes: 256 MiB, what one sign-in may hold. */
const MAX_BLOCKS = 2 ** 21;
/** Of all lanes together. */
const MAX_WORK = 2 ** 22;

/**
 * scrypt (RFC 7914) as a PHC string, `$scrypt$ln=15,r=8,p=1$salt$hash`, or as Werkzeug writes it, `scrypt:32768:8:1$salt$hash` with a salt of plain text and
 * a hash in hexadecimal.
 */
export const scrypt: HashFormat = {
  name: 'scrypt',
  begins: /^\$scrypt\$|^scrypt:/,
  read(text) {
    const phc = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/.]{2,88})\$([A-Za-z0-9+/.]{22,88})$/.exec(text);
    if (phc !== null) {
      const [ln = 0, blockSize = 0, parallelization = 0] = phc.slice(1, 4).map(Number);
      return read(2 ** ln, blockSize, parallelization, readBase64(phc[4] ?? ''), readBase64(phc[5] ?? ''));
    }
    const werkzeug = /^scrypt:(\d{1,8}):(\d{1,3}):(\d{1,3})\$([A-Za-z0-9]{4,64})\$([0-9a-f]{32,128})$/.exec(text);
    if (werkzeug === null) return 'is not an scrypt hash ($scrypt$ln=…,r=…,p=…$salt$hash, or scrypt:N:r:p$salt$hash)';
    const [cost = 0, blockSize = 0, parallelization = 0] = werkzeug.slice(1, 4).map(Number);
    return read(cost, blockSize, parallelization, Buffer.from(werkzeug[4] ?? '', 'latin1'), readHex(werkzeug[5] ?? ''));
  },
};

function read(
  cost: number,
  blockSize: number,
  parallelization: number,
  salt: Uint8Array | undefined,
  digest: Uint8Array | undefined,
): PasswordHash | string {
  const blocks = cost * blockSize;
  const isPower = cost >= 2 && Number.isInteger(Math.log2(cost));
  if (!isPower || blockSize < 1 || parallelization < 1 || blocks > MAX_BLOCKS || blocks * parallelization > MAX_WORK)
    return `must have N, a power of two, times r of at most ${MAX_BLOCKS}, and that times p of at most ${MAX_WORK}`;
  const parts = readParts(salt, digest);
  return parts === undefined ? 'has a salt or a hash that is not one' : { kind: 'scrypt', cost, blockSize, parallelization, ...parts };
}
