/** One message of an event stream (WHATWG HTML §9.2.6). */
export interface StreamMessage {
  readonly data: string;
}

/**
 * Reads messages off an event stream (WHATWG HTML §9.2.5, §9.2.6): comments, `id`, `retry` and unknown fields are passed over, as ours say everything in their data.
 * Rejects where a message is longer than `maxLength` characters, or is no UTF-8.
 */
export async function* readEventStream(body: AsyncIterable<Uint8Array>, maxLength: number): AsyncGenerator<StreamMessage> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let data: string[] = [];
  let length = 0;
  for await (const chunk of body) {
    rest += utf8.decode(chunk, { stream: true });
    // A CR at the end may be half of a CRLF.
    for (let end = endOfLine(rest); end !== undefined; end = endOfLine(rest)) {
      const line = rest.slice(0, end.at);
      rest = rest.slice(end.next);
      if (line === '') {
        if (data.length > 0) yield { data: data.join('\n') };
        data = [];
        length = 0;
      } else if (line === 'data' || line.startsWith('data:')) {
        const value = line.slice(5).replace(/^ /, '');
        length += value.length + 1;
        if (length > maxLength) throw new TypeError('a message of the stream is too long');
        data.push(value);
      }
    }
    if (rest.length > maxLength) throw new TypeError('a line of the stream is too long');
  }
}

function endOfLine(text: string): { readonly at: number; readonly next: number } | undefined {
  const at = text.search(/[\r\n]/);
  if (at < 0) return undefined;
  if (text[at] === '\n') return { at, next: at + 1 };
  if (at + 1 === text.length) return undefined;
  return { at, next: text[at + 1] === '\n' ? at + 2 : at + 1 };
}
