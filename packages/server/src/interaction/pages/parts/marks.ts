import { type Html, html } from '../html.ts';

/** Pictures of kinds of things: lines of one weight on a grid of 24, drawn for Hufu. */
const PATHS = {
  desktop: 'M4 4.5h16v11H4zM9 20h6M12 15.5V20',
  mobile: 'M7.5 2.5h9v19h-9zM11 18.5h2',
  tablet: 'M4.5 3.5h15v17h-15zM11 17.5h2',
  tv: 'M3 6.5h18v12H3zM8 21.5h8M8.5 2.5l3.5 4 3.5-4',
  other: 'M4.5 4.5h15v15h-15zM9 12h6M12 9v6',
  password: 'M6 11h12v9.5H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2.5',
  passkey: 'M8 15.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM12.2 12.5l8.300 0v4M17 12.5v3M8 11h.01',
  totp: 'M12 20.5a8.5 8.5 0 1 1 0-17 8.5 8.5 0 0 1 0 17zM12 7.5V12l3 2',
  recovery: 'M5 3.5h14v17H5zM8.5 8h7M8.5 12h7M8.5 16h4',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4.2 4.2 0 0 0-6-6l-1.2 1.2M14 10a4 4 0 0 0-6-.4l-3 3a4.2 4.2 0 0 0 6 6l1.2-1.2',
  mail: 'M3.5 5.5h17v13h-17zM4 6l8 6.5L20 6',
} as const;

export type MarkName = keyof typeof PATHS;

/** Says nothing to those who do not see it: the words beside it do. */
export function pictureOf(name: MarkName): Html {
  return html`<svg class="picture" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><path fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" d="${PATHS[name]}"/></svg>`;
}

/** In the place of a picture: the first letter of a name. */
export function letterMark(name: string): Html {
  const letter = Array.from(name).find((character) => /[\p{L}\p{N}]/u.test(character));
  return html`<span class="client-logo client-initial" aria-hidden="true">${(letter ?? '?').toUpperCase()}</span>`;
}
