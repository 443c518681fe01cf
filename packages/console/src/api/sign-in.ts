import i18next from 'i18next';

/** Where a failed sign-in says so: then nobody is sent back and forth. */
export function signInProblem(): string | undefined {
  return new URLSearchParams(location.search).get('edge_error') ?? undefined;
}

/** How new a sign-in is to be that is asked for before something dangerous: the server takes one of the last five minutes, and the rest is for reading. */
export const STEP_UP_SECONDS = 60;

/** To the sign-in and back to this very page. Only the path of the page goes along; whoever cannot be sent back begins at the front. */
export function goToSignIn(maxAgeSeconds?: number): void {
  if (maxAgeSeconds === undefined && signInProblem() !== undefined) return;
  const query = new URLSearchParams({ return_to: returnTo(new URL(location.href)) });
  if (maxAgeSeconds !== undefined) query.set('max_age', String(maxAgeSeconds));
  location.assign(`/console/login?${query}`);
}

/** Brings whoever comes back by `at` to the page that it says. Before the router looks at the address. */
export function comeBack(): void {
  const here = new URL(location.href);
  const at = here.searchParams.get('at');
  const there = at === null ? null : URL.parse(at, location.origin);
  if (there?.origin !== location.origin || !there.pathname.startsWith('/console/')) return;
  const failed = signInProblem();
  if (failed !== undefined) there.searchParams.set('edge_error', failed);
  history.replaceState(null, '', there);
}

/** 512 characters are taken there. */
const MAX_RETURN = 500;
/** A client whose id is an address has slashes in the path of its page, escaped: the token handler takes no such path, but any query. */
const ESCAPED = /%(?:2f|5c)/i;

function returnTo(here: URL): string {
  here.searchParams.delete('edge_error');
  const { pathname, search } = here;
  const written = [pathname + search, pathname].map((place) =>
    ESCAPED.test(pathname) ? `/console?${new URLSearchParams({ at: place })}` : place,
  );
  return written.find((place) => place.length <= MAX_RETURN) ?? '/console';
}

/** Signs out here and at the server (OpenID Connect RP-Initiated Logout §2). */
export async function signOut(): Promise<void> {
  const reply = await fetch('/console/logout', { method: 'POST', headers: { 'x-csrf': '1' } });
  // A store that is away has ended nothing: nobody is told otherwise.
  if (!reply.ok) throw new Error(i18next.t('door.notSignedOut'));
  // Nothing that was written here stays for whoever comes next.
  sessionStorage.clear();
  const { location: next }: { readonly location?: unknown } = Object(await reply.json());
  location.assign(typeof next === 'string' && next.startsWith('/console/') ? next : '/console/signed-out');
}
