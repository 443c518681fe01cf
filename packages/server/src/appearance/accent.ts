/** `#rrggbb`, in small letters. */
export type Colour = `#${string}`;

/** An accent as a theme shows it. */
export interface ThemeAccent {
  readonly colour: Colour;
  /** Where the mouse is. */
  readonly strong: Colour;
  /** What is written on it. */
  readonly on: Colour;
  /** The least that it has on anything that it stands on (WCAG 2.2 §1.4.3). */
  readonly contrast: number;
  /** The one that was asked for cannot be read there: this is the nearest that can. */
  readonly adapted: boolean;
}

export interface Accent {
  readonly day: ThemeAccent;
  readonly night: ThemeAccent;
}

/** WCAG 2.2 §1.4.3, AA, for text of any size. */
const LEAST = 4.5;
/** What an accent stands on: paper, sheet and wash of the stylesheet. */
const DAY = { grounds: ['#f3eee4', '#fdfbf6', '#f3ede0'], away: '#000000', on: '#fdfbf6' } as const;
const NIGHT = { grounds: ['#100f0d', '#191714', '#24211c'], away: '#ffffff', on: '#0e1714' } as const;

/** An accent for both themes: where it cannot be read it is made darker by day, and lighter by night, until it can. */
export function accentOf(wanted: Colour): Accent {
  return { day: readable(wanted, DAY), night: readable(wanted, NIGHT) };
}

/** `#rrggbb` or `#rgb`; undefined for anything else. */
export function readColour(text: string): Colour | undefined {
  const [, short, long] = /^#(?:([0-9a-f]{3})|([0-9a-f]{6}))$/i.exec(text) ?? [];
  if (long !== undefined) return `#${long.toLowerCase()}`;
  return short === undefined ? undefined : `#${[...short.toLowerCase()].map((digit) => digit + digit).join('')}`;
}

/** WCAG 2.2, of two colours. */
export function contrast(one: Colour, other: Colour): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const STEPS = 100;

function readable(
  wanted: Colour,
  { grounds, away, on }: { readonly grounds: readonly Colour[]; readonly away: Colour; readonly on: Colour },
): ThemeAccent {
  for (let step = 0; step <= STEPS; step += 1) {
    const colour = mix(wanted, away, step / STEPS);
    const least = Math.min(...[...grounds, on].map((ground) => contrast(colour, ground)));
    if (least >= LEAST) return { colour, strong: mix(colour, away, 0.25), on, contrast: Math.floor(least * 100) / 100, adapted: step > 0 };
  }
  throw new TypeError('black and white can be read on every ground');
}

function mix(one: Colour, other: Colour, share: number): Colour {
  const parts = partsOf(other);
  const mixed = partsOf(one).map((part, at) => Math.round(part + ((parts[at] ?? 0) - part) * share));
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = partsOf(colour).map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function partsOf(colour: Colour): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
