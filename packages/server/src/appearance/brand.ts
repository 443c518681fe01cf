import { createHash } from 'node:crypto';
import type { Appearance } from '../config/config.ts';
import type { Context } from '../context.ts';
import { type Asset, asset } from '../interaction/pages/assets.ts';
import type { Brand } from '../interaction/pages/page-view.ts';
import { accentOf, readColour, type ThemeAccent } from './accent.ts';
import { readPng } from './png.ts';

/** What an appearance comes to on pages, with the files that they load for it. */
export interface BrandParts {
  readonly brand: Brand;
  readonly assets: ReadonlyMap<string, Asset>;
}

const made = new WeakMap<Appearance, BrandParts>();

/** What pages show instead of ours; the same one each time. */
export function brandOf({ config }: Pick<Context, 'config'>): Brand {
  return brandPartsOf(config.policies.appearance).brand;
}

/** The files are named by their content, and are all that an appearance adds to what pages load. */
export function brandPartsOf(appearance: Appearance): BrandParts {
  let parts = made.get(appearance);
  if (parts === undefined) {
    parts = partsOf(appearance);
    made.set(appearance, parts);
  }
  return parts;
}

const FOR_EVER = 'public, max-age=31536000, immutable';

function partsOf({ name, mark, accent, terms, privacy, support, note }: Appearance): BrandParts {
  const assets = new Map<string, Asset>();
  const png = mark === undefined ? undefined : readPng(mark);
  const markSrc = png === undefined || typeof png === 'string' ? undefined : pathOf('png', png.bytes);
  if (markSrc !== undefined && typeof png === 'object')
    assets.set(markSrc, asset(png.bytes, 'image/png', FOR_EVER, "default-src 'none'; sandbox"));
  const sheet = accentSheet(accent);
  const stylesheet = sheet === undefined ? undefined : pathOf('css', sheet);
  if (sheet !== undefined && stylesheet !== undefined)
    assets.set(stylesheet, asset(sheet, 'text/css; charset=utf-8', FOR_EVER, "default-src 'none'"));
  return { brand: { name, markSrc, stylesheet, terms, privacy, support, note }, assets };
}

/** What overrides the colours of the stylesheet, and nothing else of it. */
export function accentSheet(accent: string | undefined): string | undefined {
  const colour = readColour(accent ?? '');
  if (colour === undefined) return undefined;
  const { day, night } = accentOf(colour);
  return `:root {${propertiesOf(day)}}
@media (prefers-color-scheme: dark) {
  :root {${propertiesOf(night)}}
}
`;
}

function propertiesOf({ colour, strong, on }: ThemeAccent): string {
  return ` --accent: ${colour}; --accent-fill: ${colour}; --accent-strong: ${strong}; --on-accent: ${on}; `;
}

function pathOf(kind: 'png' | 'css', content: string | Uint8Array): string {
  return `/assets/brand.${createHash('sha256').update(content).digest('hex').slice(0, 12)}.${kind}`;
}
