import { readFileSync } from 'node:fs';

/** A file that the demo's pages load. */
export interface BrowserFile {
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

/** Served as they lie in `browser/`: there is no build step between what is read and what runs. */
const NAMES: readonly string[] = ['app.js', 'clock.js', 'oauth.js', 'session.js', 'tokens.js', 'view.js', 'style.css'];

/** Reads them once, at the start. */
export function readBrowserFiles(): readonly BrowserFile[] {
  return NAMES.map((name) => ({
    path: `/demo/${name}`,
    type: name.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
    // The published package brings these along, so the way is the same from `src/demo` and from `dist/chunks`.
    body: readFileSync(new URL(`../../src/demo/browser/${name}`, import.meta.url), 'utf8'),
  }));
}
