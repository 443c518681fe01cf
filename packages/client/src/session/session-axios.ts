import { systemNowMs } from '../clock.ts';
import { type AudienceOptions, Audiences, type Verdict } from './audience.ts';
import type { AccessToken } from './session-tokens.ts';
import type { TokenSession } from './token-session.ts';

/** What is used of a request of axios. */
export interface AxiosRequest {
  method?: string | undefined;
  data?: unknown;
  headers: { set(name: string, value: string): unknown; has(name: string): boolean };
  signal?: unknown;
}

/** What is used of an instance of axios. */
export interface AxiosInstanceLike<Config extends AxiosRequest> {
  getUri(config: object): string;
  request(config: object): Promise<unknown>;
  readonly interceptors: {
    readonly request: { use(before: (config: Config) => Promise<Config>): number; eject(id: number): void };
    readonly response: { use(good: undefined, bad: (error: unknown) => Promise<unknown>): number; eject(id: number): void };
  };
}

export type SessionAxiosOptions = Omit<AudienceOptions, 'nowMs'> & { readonly nowMs?: () => number };

/** What was done about a request so far. */
interface Attempt {
  readonly access: AccessToken;
  readonly tried: ReadonlySet<Verdict['kind']>;
}

/**
 * Interceptors that make an instance of axios do what `sessionFetch` does.
 *
 * @returns what takes them away again
 */
export function interceptAxios<Config extends AxiosRequest>(
  axios: AxiosInstanceLike<Config>,
  session: TokenSession,
  options: SessionAxiosOptions,
): () => void {
  const { nowMs = systemNowMs, ...rest } = options;
  const audiences = new Audiences(session, { ...rest, nowMs });
  /** By the request as it was sent: axios makes a new one of it each time. */
  const attempts = new WeakMap<object, Attempt>();
  /** Of the request that is sent next, by its headers: the only part that axios hands on as it is. */
  const again = new WeakMap<object, Attempt>();
  const addressOf = (config: AxiosRequest): string => new URL(axios.getUri(config), globalThis.location?.href).href;

  const before = async (config: Config): Promise<Config> => {
    const url = addressOf(config);
    const audience = audiences.find(url);
    if (audience === undefined) return config;
    const id = Reflect.get(config, ATTEMPT);
    const earlier = typeof id === 'object' && id !== null ? again.get(id) : undefined;
    if (earlier === undefined && config.headers.has('authorization')) return config;
    const access = earlier?.access ?? (await audiences.token(audience, signalOf(config)));
    for (const [name, value] of Object.entries(await audiences.headers(config.method ?? 'get', url, access)))
      config.headers.set(name, value);
    attempts.set(config, { access, tried: earlier?.tried ?? new Set() });
    return config;
  };

  const bad = async (error: unknown): Promise<unknown> => {
    const { config, response } = readError(error);
    const attempt = config === undefined ? undefined : attempts.get(config);
    if (config === undefined || response === undefined || attempt === undefined) throw error;
    const url = addressOf(config);
    const audience = audiences.find(url);
    // Whoever a redirect led to speaks for nobody else.
    if (audience === undefined || audiences.find(response.from ?? url) !== audience) throw error;
    const { access, tried } = attempt;
    const verdict = await audiences.judge({ ...response, url }, audience, access, tried, signalOf(config));
    if (verdict.kind === 'take' || isStream(config.data)) throw error;
    const next: Attempt = { access: verdict.kind === 'again' ? verdict.access : access, tried: new Set([...tried, verdict.kind]) };
    const id = new Marker();
    again.set(id, next);
    return axios.request(Object.assign({ ...config }, { [ATTEMPT]: id }));
  };

  const [first, second] = [axios.interceptors.request.use(before), axios.interceptors.response.use(undefined, bad)];
  return () => {
    axios.interceptors.request.eject(first);
    axios.interceptors.response.eject(second);
  };
}

const ATTEMPT = 'hufuAttempt';

/** Something that axios hands on as it is, where it would copy a plain object. */
class Marker {}

function signalOf({ signal }: AxiosRequest): AbortSignal | undefined {
  return signal instanceof AbortSignal ? signal : undefined;
}

function isStream(data: unknown): boolean {
  return data instanceof ReadableStream || (typeof data === 'object' && data !== null && 'pipe' in data);
}

function readError(error: unknown): {
  readonly config: AxiosRequest | undefined;
  readonly response:
    | { readonly status: number; readonly header: (name: string) => string | null; readonly from: string | undefined }
    | undefined;
} {
  const member = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  const [config, response] = [member(error, 'config'), member(error, 'response')];
  const status = member(response, 'status');
  const header = (name: string): string | null => {
    const value = member(member(response, 'headers'), name);
    return typeof value === 'string' ? value : null;
  };
  // In browsers, and in Node: where the answer came from in the end.
  const request = member(response, 'request');
  const from = member(request, 'responseURL') ?? member(member(request, 'res'), 'responseUrl');
  return {
    // An error of axios has the request that it was made for.
    config: typeof config === 'object' && config !== null ? (config as AxiosRequest) : undefined,
    response:
      typeof status === 'number' ? { status, header, from: typeof from === 'string' && URL.canParse(from) ? from : undefined } : undefined,
  };
}
