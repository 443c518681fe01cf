import { Desk } from '../differential/desk.ts';
import { startTheirs } from '../differential/theirs.ts';
import { makeWorld } from '../differential/world.ts';
import { freshTokens, memoryCourse, SPA } from '../race/course.ts';
import { Agent } from './agent.ts';
import type { FirstTokens } from './session-by-proxy.ts';

/** An authorization server that gives refresh tokens to a public client `spa`. */
export interface RefreshingServer {
  readonly name: string;
  /** As it calls itself; where it is, is `origin`. */
  readonly issuer: string;
  readonly origin: string;
  /** The tokens of a new sign-in. */
  signIn(): Promise<FirstTokens>;
  stop(): Promise<void>;
}

/** Ours: a refresh token that is used twice within the overlap has the same successor. */
export async function startOurs(): Promise<RefreshingServer> {
  const course = await memoryCourse();
  const origin = course.origins[0] ?? '';
  return {
    name: 'Hufu',
    issuer: course.context.issuer,
    origin,
    async signIn() {
      const { access, refresh, idToken } = await freshTokens(course, new Agent(origin), SPA);
      return { access, refresh, ...(idToken !== undefined && { idToken }) };
    },
    stop: () => course.stop(),
  };
}

/** oidc-provider with strict rotation: a refresh token that is used twice ends the grant. */
export async function startStrict(): Promise<RefreshingServer> {
  const world = await makeWorld();
  const side = await startTheirs(world);
  const desk = await Desk.open(side, world);
  return {
    name: 'oidc-provider',
    issuer: side.issuer,
    origin: side.issuer,
    async signIn() {
      const { access_token: access = '', refresh_token: refresh = '', id_token: idToken = '' } = await desk.tokens('spa');
      return { access, refresh, idToken };
    },
    stop: () => side.stop(),
  };
}
