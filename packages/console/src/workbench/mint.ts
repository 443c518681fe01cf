/** Whose token is made, and for what. */
export interface MintWish {
  readonly clientId: string;
  readonly username: string;
  readonly scope: string;
  readonly resource: string;
}

export const MINTED = ['access_token', 'refresh_token', 'id_token'] as const;
export type Minted = (typeof MINTED)[number];

/** `POST /test/tokens`, which a server in test mode has: the tokens that a client would get for a user. Throws what the server says. */
export async function mint({ clientId, username, scope, resource }: MintWish): Promise<Partial<Readonly<Record<Minted, string>>>> {
  const given = Object.entries({ scope, resource }).filter(([, value]) => value.trim() !== '');
  const reply = await fetch('/test/tokens', {
    method: 'POST',
    credentials: 'omit',
    body: new URLSearchParams([['client_id', clientId.trim()], ['username', username.trim()], ...given]),
  });
  const body: Readonly<Record<string, unknown>> = Object(await reply.json().catch(() => undefined));
  if (!reply.ok) throw new Error(String(body['error_description'] ?? body['error'] ?? reply.status).slice(0, 300));
  return Object.fromEntries(MINTED.flatMap((name) => (typeof body[name] === 'string' ? [[name, body[name]]] : [])));
}
