/** Where a value stands in the configuration: keys and indexes from the top. */
export type Path = readonly (string | number)[];

const MAX_KEY = 80;

/** `clients[0].hufu.profile`; a key that is not a plain word stands in brackets and quotes. The top is ''. */
export function formatPath(path: Path): string {
  return path.map((part, index) => formatPart(part, index === 0)).join('');
}

function formatPart(part: string | number, first: boolean): string {
  if (typeof part === 'number') return `[${part}]`;
  if (!/^[A-Za-z_$][\w$#-]*$/.test(part) || part.length > MAX_KEY) return `[${quote(part, MAX_KEY)}]`;
  return first ? part : `.${part}`;
}

/** A key as an error shows it. */
export function showKey(key: string): string {
  return /^[\w$.#-]{1,80}$/.test(key) ? key : quote(key, MAX_KEY);
}

/** Text in double quotes, cut to `max` characters, with everything that a terminal would act on escaped. */
export function quote(text: string, max: number): string {
  const characters = Array.from(text.slice(0, max * 2 + 2));
  const cut = characters.length > max ? `${characters.slice(0, max).join('')}…` : text;
  return JSON.stringify(cut).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}
