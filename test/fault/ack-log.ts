import { type FileHandle, open } from 'node:fs/promises';

/** What the clients were told, on the disk before it counts as told: each entry is there once `append` has resolved. Entries of one moment share a sync. */
export class AckLog {
  readonly #file: FileHandle;
  #waiting: { readonly line: string; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #busy = false;
  #count = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<AckLog> {
    return new AckLog(await open(path, 'a', 0o600));
  }

  /** Entries that are on the disk. */
  get count(): number {
    return this.#count;
  }

  append(entry: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(entry)}\n`, resolve, reject });
      void this.#flush();
    });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#file.write(group.map(({ line }) => line).join(''));
        await this.#file.datasync();
        this.#count += group.length;
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#busy = false;
  }
}
