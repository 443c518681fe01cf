/** What the forms of a page send along: hidden inputs, and what a passkey panel's script makes its inputs of (`data-fields`). */
export function hiddenFieldsIn(html: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, json = ''] of html.matchAll(/ data-fields="([^"]*)"/g)) Object.assign(fields, readPairs(unescapeHtml(json)));
  for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g))
    fields[name] = unescapeHtml(value);
  return fields;
}

/** What `escapeHtml` did, undone. */
export function unescapeHtml(text: string): string {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/&#([0-9]+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

function readPairs(json: string): Record<string, string> {
  const pairs: readonly (readonly [string, string])[] = JSON.parse(json);
  return Object.fromEntries(pairs);
}
