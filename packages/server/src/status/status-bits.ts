import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { PLACES } from './place.ts';

/** Token Status List §7.1. */
export const STATUS = { valid: 0, invalid: 1, suspended: 2 } as const;
export type DeadStatus = 'invalid' | 'suspended';

/** Bits of one status (Token Status List §4.1). */
export const STATUS_BITS = 2;
const PER_BYTE = 8 / STATUS_BITS;
const compress = promisify(deflate);

/** The statuses of a list, packed from the lowest bit of each byte on (Token Status List §4.1). */
export class StatusBits {
  readonly #bytes = new Uint8Array(PLACES / PER_BYTE);
  #compressed: Buffer | undefined;

  /** Nothing that is invalid is ever only suspended again. */
  mark(index: number, status: DeadStatus): void {
    const there = this.statusAt(index);
    if (there === STATUS.invalid || there === STATUS[status]) return;
    const shift = (index % PER_BYTE) * STATUS_BITS;
    const at = Math.floor(index / PER_BYTE);
    this.#bytes[at] = ((this.#bytes[at] ?? 0) & ~(3 << shift)) | (STATUS[status] << shift);
    this.#compressed = undefined;
  }

  statusAt(index: number): number {
    return ((this.#bytes[Math.floor(index / PER_BYTE)] ?? 0) >> ((index % PER_BYTE) * STATUS_BITS)) & 3;
  }

  /** As DEFLATE with the ZLIB format has it (Token Status List §4.1). Nothing is marked meanwhile. */
  async compressed(): Promise<Buffer> {
    this.#compressed ??= await compress(this.#bytes);
    return this.#compressed;
  }
}
