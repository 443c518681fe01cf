import type { Renewer } from './session/renewer.ts';

/**
 * A renewer whose code is no part of the page: it is loaded in the background as soon as this is made, so that it is there before it is
 * needed, and before another version of the app takes its place on the server.
 *
 * @param load such as `async () => (await import('./sign-in.ts')).renewer`; tried anew where it fails.
 */
export function lazyRenewer(load: () => Promise<Renewer>): Renewer {
  let loading: Promise<Renewer> | undefined;
  const loaded = (): Promise<Renewer> => {
    loading ??= load().catch((cause: unknown) => {
      loading = undefined;
      // As if the server had said that it cannot now: it has not been asked.
      throw Object.assign(new Error('what renews tokens could not be loaded', { cause }), {
        kind: 'unavailable',
        code: 'not_loaded',
        status: 503,
      });
    });
    return loading;
  };
  loaded().catch(() => undefined);
  return {
    refresh: async (refreshToken, context) => (await loaded()).refresh(refreshToken, context),
    validate: async (answer, record) => (await loaded()).validate(answer, record),
    revoke: async (token, hint) => (await loaded()).revoke(token, hint),
  };
}
