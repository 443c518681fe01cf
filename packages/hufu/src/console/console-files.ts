import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file of the console as it is answered. Its name has a hash of what is in it: whoever has it, has it for ever. */
export interface ConsoleFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ConsoleFiles {
  /** The one document, with `__NONCE__` where the nonce of an answer goes; until it is built, one that says so and comes again. */
  index(): Promise<{ readonly text: string; readonly refresh: boolean }>;
  /** By its path below `/console`. */
  find(name: string, gzipped: boolean): Promise<ConsoleFile | undefined>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};
const squeeze = promisify(gzip);

/** The published program brings the built console along; a checkout builds it when somebody wants to see it. */
export function consoleFiles(
  tell: (line: string) => void,
  build: (tell: (line: string) => void) => Promise<string> = buildCheckout,
): ConsoleFiles {
  const published = fileURLToPath(new URL('../console', import.meta.url));
  const isCheckout = import.meta.url.endsWith('.ts');
  let built: Promise<string> | undefined;
  let folder = isCheckout || !existsSync(join(published, 'index.html')) ? undefined : published;
  let failed: unknown;
  /** All there is, read when it is asked for: a few dozen files, never a path that somebody has sent. */
  const kept = new Map<string, Promise<{ readonly plain: Uint8Array; readonly small: Uint8Array }>>();
  let names: Promise<ReadonlySet<string>> | undefined;

  async function readIndex(): Promise<string | undefined> {
    if (folder === undefined) return undefined;
    try {
      return await readFile(join(folder, 'index.html'), 'utf8');
    } catch {
      // Whoever builds newer sources removes what is old; and a disk may have its moments.
      [folder, built, names] = [undefined, undefined, undefined];
      kept.clear();
      return undefined;
    }
  }

  /** One that is built already is there in a moment: nobody has to see the notice for it. */
  async function beginAndLook(): Promise<void> {
    begin();
    await Promise.race([built?.catch(() => undefined), soon()]);
  }

  function begin(): void {
    built ??= build(tell);
    built.then(
      (made) => (folder = made),
      (error: unknown) => {
        failed = error;
        built = undefined;
      },
    );
  }

  return {
    async index() {
      const text = await readIndex();
      if (text !== undefined) return { text, refresh: false };
      if (!isCheckout)
        return {
          text: notice('This installation has no console', 'Its files are missing: install the package hufu again.'),
          refresh: false,
        };
      if (failed !== undefined) {
        failed = undefined;
        return {
          text: notice('The console could not be built', 'The output of the server says why. Load this page again to try once more.'),
          refresh: false,
        };
      }
      await beginAndLook();
      const made = await readIndex();
      if (made !== undefined) return { text: made, refresh: false };
      return {
        text: notice('The console is being built', 'This takes a few seconds after its sources have changed. The page comes by itself.'),
        refresh: true,
      };
    },
    async find(name, gzipped) {
      const type = TYPES[extname(name)];
      if (type === undefined) return undefined;
      // A page that was open over a restart asks for its files, and not for the document.
      if (folder === undefined && isCheckout && failed === undefined) await beginAndLook();
      const from = folder;
      if (from === undefined) return undefined;
      names ??= readdir(join(from, 'assets')).then((all) => new Set(all.map((one) => `assets/${one}`)));
      names.catch(() => (names = undefined));
      if (!(await names).has(name)) return undefined;
      let file = kept.get(name);
      if (file === undefined) {
        file = readFile(join(from, name)).then(async (plain) => ({ plain, small: await squeeze(plain) }));
        kept.set(name, file);
        // One that is gone from the disk may come back with the next build.
        file.catch(() => kept.delete(name));
      }
      const { plain, small } = await file;
      return {
        headers: {
          'content-type': type,
          'cache-control': 'public, max-age=31536000, immutable',
          vary: 'Accept-Encoding',
          ...(gzipped && { 'content-encoding': 'gzip' }),
        },
        body: gzipped ? small : plain,
      };
    },
  };
}

async function buildCheckout(tell: (line: string) => void): Promise<string> {
  return await (await import('./build-console.ts')).buildConsole(tell);
}

function soon(): Promise<void> {
  return new Promise((resolve) => {
    // oxlint-disable-next-line hufu/time-and-chance -- how long a browser waits, and nothing that is decided
    setTimeout(resolve, 300);
  });
}

function notice(title: string, text: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><link rel="icon" href="/assets/mark.svg">
<style nonce="__NONCE__">:root{color-scheme:light dark}body{max-width:32rem;margin:20vh auto;padding:0 1.5rem;font:1rem/1.6 system-ui,sans-serif}h1{font:600 1.6rem Georgia,serif}</style>
</head><body data-page="console-building"><h1>${title}</h1><p>${text}</p></body></html>
`;
}
