/** Where a failed sign-in says so: then nobody is sent back and forth. */
export function signInProblem(): string | undefined {
  return new URLSearchParams(location.search).get('edge_error') ?? undefined;
}

/** To the sign-in and back to this very page. Only the path of the page goes along; whoever cannot be sent back begins at the front. */
export function goToSignIn(maxAgeSeconds?: number): void {
  if (maxAgeSeconds === undefined && signInProblem() !== undefined) return;
  const here = new URL(location.href);
  here.searchParams.delete('edge_error');
  const returnTo = here.pathname + here.search;
  const query = new URLSearchParams({ return_to: returnTo.length > 500 ? here.pathname : returnTo });
  if (maxAgeSeconds !== undefined) query.set('max_age', String(maxAgeSeconds));
  location.assign(`/console/login?${query}`);
}

/** Signs out here and at the server (OpenID Connect RP-Initiated Logout §2). */
export async function signOut(): Promise<void> {
  const reply = await fetch('/console/logout', { method: 'POST', headers: { 'x-csrf': '1' } });
  const { location: next }: { readonly location?: unknown } = Object(await reply.json());
  location.assign(typeof next === 'string' && next.startsWith('/console/') ? next : '/console/signed-out');
}
