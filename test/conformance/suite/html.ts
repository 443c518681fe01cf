/** A start tag. Attribute names in lower case, values decoded. */
export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A form with what it would send and the buttons that send it. */
export interface Form {
  readonly method: string;
  readonly action: string;
  readonly fields: Map<string, string>;
  readonly buttons: readonly Tag[];
}

/** Start and end tags in order; comments and the insides of scripts and styles are passed over. */
export function readTags(text: string): readonly Tag[] {
  const tags: Tag[] = [];
  const markup = text.replace(/<!--[\s\S]*?-->/g, '').replace(/(<(script|style)\b[^>]*>)[\s\S]*?<\/\2>/gi, '$1');
  for (const [, name = '', rest = ''] of markup.matchAll(/<(\/?[a-z][a-z0-9-]*)((?:[^>"']|"[^"]*"|'[^']*')*)>/gi)) {
    const attributes: Record<string, string> = {};
    for (const [, key = '', double, single, bare] of rest.matchAll(/([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g))
      attributes[key.toLowerCase()] = decodeEntities(double ?? single ?? bare ?? '');
    tags.push({ name: name.toLowerCase(), attributes });
  }
  return tags;
}

export function readForms(text: string): readonly Form[] {
  const forms: { method: string; action: string; fields: Map<string, string>; buttons: Tag[] }[] = [];
  let open = false;
  for (const tag of readTags(text)) {
    const { name, attributes } = tag;
    const form = forms.at(-1);
    if (name === 'form') {
      forms.push({
        method: (attributes['method'] ?? 'get').toLowerCase(),
        action: attributes['action'] ?? '',
        fields: new Map(),
        buttons: [],
      });
      open = true;
    } else if (name === '/form') {
      open = false;
    } else if (!open || form === undefined || 'disabled' in attributes) {
      continue;
    } else if (name === 'button' || (name === 'input' && attributes['type'] === 'submit')) {
      form.buttons.push(tag);
    } else if (name === 'input' && attributes['name'] !== undefined) {
      const box = attributes['type'] === 'checkbox' || attributes['type'] === 'radio';
      if (!box || 'checked' in attributes) form.fields.set(attributes['name'], attributes['value'] ?? (box ? 'on' : ''));
    }
  }
  return forms;
}

/** What a reader sees, more or less. */
export function visibleText(text: string): string {
  const bare = text.replace(/<!--[\s\S]*?-->/g, '').replace(/<(script|style|head)\b[^>]*>[\s\S]*?<\/\1>/gi, '');
  return decodeEntities(bare.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ');
}

function decodeEntities(text: string): string {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/&#([0-9]+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
