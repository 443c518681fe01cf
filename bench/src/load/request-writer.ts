import type { RequestTemplate } from './plan.ts';

const PLACE = '{credential}';
/** Where the credential stands as it is: fields of a form. */
const FIELDS = '{fields}';

/** Serialises the requests of a template: all but the credential and the length that depends on it is put together once. */
export class RequestWriter {
  readonly #head: string;
  readonly #afterHead: string;
  readonly #body: string;
  readonly #afterBody: string;
  readonly #inHead: boolean;
  readonly #inBody: boolean;
  readonly #hasFields: boolean;
  readonly #hasBody: boolean;

  /** @throws TypeError where the credential is asked for twice in the headers or twice in the body */
  constructor(template: RequestTemplate, authority: string) {
    const lines = [`${template.method} ${template.path} HTTP/1.1`, `Host: ${authority}`, ...template.headers];
    const heads = lines.join('\r\n').split(PLACE);
    this.#hasFields = template.body.includes(FIELDS);
    const bodies = template.body.split(this.#hasFields ? FIELDS : PLACE);
    if (heads.length > 2 || bodies.length > 2) throw new TypeError('one place for the credential');
    this.#inHead = heads.length === 2;
    this.#inBody = bodies.length === 2;
    this.#hasBody = template.method === 'POST';
    this.#head = heads[0] ?? '';
    this.#afterHead = heads[1] ?? '';
    this.#body = bodies[0] ?? '';
    this.#afterBody = bodies[1] ?? '';
  }

  /** The bytes of one request as a string of one-byte characters. */
  write(credential: string): string {
    const head = this.#inHead ? this.#head + credential + this.#afterHead : this.#head;
    if (!this.#hasBody) return `${head}\r\n\r\n`;
    const value = this.#hasFields ? credential : formEncode(credential);
    const body = this.#inBody ? this.#body + value + this.#afterBody : this.#body;
    return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  }
}

/** `application/x-www-form-urlencoded` for ASCII text (RFC 6749 appendix B). Tokens usually need nothing. */
function formEncode(text: string): string {
  return /^[A-Za-z0-9._~-]*$/.test(text) ? text : encodeURIComponent(text);
}
