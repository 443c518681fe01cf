/**
 * Which answers of WebCrypto are still to come, from whoever asked.
 *
 * They are worked out on other threads, which the operating system may delay for longer than any number of turns of the event loop
 * takes: a test that wants everything to have happened has to know. Node says it to nobody (`process.getActiveResourcesInfo` leaves
 * this work out), so every method of `crypto.subtle` is counted on its way in and out, and otherwise does what it did.
 */
class CryptoWork {
  #outstanding = 0;
  #waiting: (() => void)[] = [];

  constructor(subtle: SubtleCrypto) {
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(subtle))) {
      const method: unknown = Reflect.get(subtle, name);
      if (name === 'constructor' || typeof method !== 'function') continue;
      Object.defineProperty(subtle, name, {
        configurable: true,
        writable: true,
        value: async (...parameters: readonly unknown[]): Promise<unknown> => {
          this.#outstanding += 1;
          try {
            return await Reflect.apply(method, subtle, parameters);
          } finally {
            this.#end();
          }
        },
      });
    }
  }

  get isOutstanding(): boolean {
    return this.#outstanding > 0;
  }

  /** When nothing is outstanding. */
  async answered(): Promise<void> {
    if (this.isOutstanding) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #end(): void {
    this.#outstanding -= 1;
    if (this.isOutstanding) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export const cryptoWork: CryptoWork = new CryptoWork(crypto.subtle);
