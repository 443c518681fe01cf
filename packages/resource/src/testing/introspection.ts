/** An issuer that answers introspection requests from a table, without sockets: what it says, how long it takes and when it fails is the test's. */
export interface TestIntrospection {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** By token; what is not there is inactive. */
  readonly answers: Map<string, Record<string, unknown>>;
  /** Tokens asked about, in order. */
  readonly asked: string[];
  readonly headers: Headers[];
  /** Instead of an answer. */
  instead: (() => Response | Promise<Response>) | undefined;
  /** Answers wait for `release` while this is true. */
  isHeld: boolean;
  release(): void;
}

export const INTROSPECTION_ENDPOINT = 'https://as.example/introspect';

export function testIntrospection(): TestIntrospection {
  const held: (() => void)[] = [];
  const one: TestIntrospection = {
    async fetch(url, { body, headers, method }) {
      if (url !== INTROSPECTION_ENDPOINT || method !== 'POST') return new Response(null, { status: 404 });
      const token = new URLSearchParams(String(body)).get('token') ?? '';
      one.asked.push(token);
      one.headers.push(new Headers(headers));
      // What the issuer says is what holds when it is asked, however long the answer takes.
      const answer = one.instead?.() ?? Response.json({ active: one.answers.has(token), ...one.answers.get(token) });
      if (one.isHeld) await new Promise<void>((resolve) => held.push(resolve));
      return answer;
    },
    answers: new Map(),
    asked: [],
    headers: [],
    instead: undefined,
    isHeld: false,
    release() {
      for (const go of held.splice(0)) go();
    },
  };
  return one;
}
