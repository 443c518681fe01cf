import { authorizationRequest, exchangeRequest } from './desk.ts';
import { changed, parameters } from './parameters.ts';
import type { DifferentialRequest } from './request.ts';
import { LIFETIMES } from './world.ts';

/** What time changes. Each moves the clock, for all that come after it. */
export const lateRequests: readonly DifferentialRequest[] = [
  late('exchange: a code just before its end', async (desk) => {
    const sent = exchangeRequest('web', await desk.code('web'));
    await desk.side.advance(LIFETIMES.code - 20);
    return desk.ask('/oauth/token', 'web', sent);
  }),
  late('exchange: a code after its end', async (desk) => {
    const sent = exchangeRequest('web', await desk.code('web'));
    await desk.side.advance(LIFETIMES.code + 60);
    return desk.ask('/oauth/token', 'web', sent);
  }),
  late('/oauth/userinfo: a token after its end', async (desk) => {
    const { access_token: token = '' } = await desk.tokens('web');
    await desk.side.advance(LIFETIMES.accessToken + 60);
    const { status, body, headers } = await desk.fetch('/oauth/userinfo', { headers: { authorization: `Bearer ${token}` } });
    const error = /error="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1];
    return { outcome: `${status}: ${String(body['error'])}, challenge ${error ?? 'without an error'}` };
  }),
  late('/oauth/introspect: a token after its end', async (desk) => {
    const { access_token: token = '' } = await desk.tokens('web');
    await desk.side.advance(LIFETIMES.accessToken + 60);
    return desk.ask('/oauth/introspect', 'web', parameters({ token }));
  }),
  late('/oauth/revoke: a token after its end', async (desk) => {
    const { access_token: token = '' } = await desk.tokens('web');
    await desk.side.advance(LIFETIMES.accessToken + 60);
    return desk.ask('/oauth/revoke', 'web', parameters({ token }));
  }),
  late('refresh: after the access token has ended', async (desk) => {
    const { refresh_token } = await desk.tokens('web');
    await desk.side.advance(LIFETIMES.accessToken + 60);
    return desk.ask('/oauth/token', 'web', parameters({ grant_type: 'refresh_token', refresh_token }));
  }),
  late('refresh: a token a second time, after a day', async (desk) => {
    const sent = parameters({ grant_type: 'refresh_token', refresh_token: (await desk.tokens('spa'))['refresh_token'] });
    await desk.ask('/oauth/token', 'spa', sent);
    await desk.side.advance(86_400);
    return desk.ask('/oauth/token', 'spa', sent);
  }),
  late('authorize: an id_token_hint after its end', async (desk) => {
    const { id_token: hint = '' } = await desk.tokens('web');
    await desk.side.advance(LIFETIMES.idToken + 60);
    return desk.authorize(changed(authorizationRequest('web'), { id_token_hint: hint, prompt: 'none' }));
  }),
  late('authorize: max_age 60 a day after the sign-in', (desk) => desk.authorize(changed(authorizationRequest('web'), { max_age: '60' }))),
  late('authorize: max_age 60 and prompt none a day after the sign-in', (desk) =>
    desk.authorize(changed(authorizationRequest('web'), { max_age: '60', prompt: 'none' })),
  ),
  late('authorize fresh: default_max_age a day after the sign-in', (desk) => desk.authorize(authorizationRequest('fresh'))),
  late('authorize: after the session has ended', async (desk) => {
    await desk.side.advance(LIFETIMES.session + 60);
    return desk.authorize(changed(authorizationRequest('web'), { prompt: 'none' }));
  }),
];

function late(id: string, send: DifferentialRequest['send']): DifferentialRequest {
  return { id, late: true, send };
}
