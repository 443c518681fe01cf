import { type Html, html } from '../html.ts';

/**
 * A secret to be typed elsewhere (the key of an authenticator app), in groups of four, with a button that copies it where scripts run.
 *
 * @param copy the words of that button: before, and after it was pressed.
 */
export function secretText(secret: string, copy: CopyWords, id: string): Html {
  const groups = (secret.match(/.{1,4}/g) ?? []).join(' ');
  return html`<code class="id" id="${id}" data-copy="${copy.copy}" data-copied="${copy.copied}" data-copy-text="${secret}">${groups}</code>`;
}

export interface CopyWords {
  readonly copy: string;
  readonly copied: string;
}

/** Codes that are shown once, to be written down, printed or copied: two columns where there is room. */
export function codeList(codes: readonly string[], copy: CopyWords, id: string): Html {
  return html`<ol class="codes" id="${id}" data-copy="${copy.copy}" data-copied="${copy.copied}" data-copy-text="${codes.join('\n')}">${codes.map(
    (code) => html`<li><code>${code}</code></li>`,
  )}</ol>`;
}

/** What a QR code looks like: the `modules` of the package `qrcode`. */
export interface QrModules {
  /** Modules a side. */
  readonly size: number;
  /** Row by row; anything but 0 is dark. */
  readonly data: ArrayLike<number>;
}

const QUIET = 4;

/** A QR code as a picture in the page: nothing is loaded, and it is dark on white by night too, since readers want it so. */
export function qrPicture({ size, data }: QrModules, label: string): Html {
  const side = size + 2 * QUIET;
  let path = '';
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (data[y * size + x] === 0) continue;
      let run = 1;
      while (x + run < size && data[y * size + x + run] !== 0) run++;
      path += `M${x + QUIET} ${y + QUIET}h${run}v1h-${run}z`;
      x += run;
    }
  }
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="0 0 ${side} ${side}" width="208" height="208" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}h-${side}z"/><path fill="#000" d="${path}"/></svg>`;
}
