import type { DeviceType, SeenDevice } from '@hufu/store/port';
import Bowser from 'bowser';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';

/** What a browser says of itself, in words of ours: each is from a list, or '' where it is not on it. */
export interface Agent {
  readonly family: string;
  /** The major version; '' where nobody knows. */
  readonly version: string;
  readonly system: string;
  readonly type: DeviceType;
}

/** The browser as the store knows it: by a hash of its cookie, and called by what it says it is. Nothing that it writes itself is kept as it is. */
export function seenDevice(ctx: Context, request: HttpRequest, browserId: string): SeenDevice {
  const agent = agentOf(request);
  return { browserHash: browserHash(ctx, browserId), name: nameOf({ ...agent, version: '' }), type: agent.type, agent: nameOf(agent) };
}

/** What a browser is called by what it says of itself. */
export function agentName(request: Pick<HttpRequest, 'headers'>): string {
  return nameOf(agentOf(request));
}

/** How a browser's own cookie stands in the store. */
export function browserHash(ctx: Context, browserId: string): string {
  return ctx.keys.keyedHash('browser', browserId);
}

/** Of `User-Agent` and, where the browser sends them, the Client Hints that need no asking (`Sec-CH-UA`, `-Mobile`, `-Platform`). */
export function agentOf(request: Pick<HttpRequest, 'headers'>): Agent {
  const text = headerOf(request, 'user-agent').slice(0, MAX_AGENT);
  if (text === '') return { family: '', version: '', system: '', type: 'other' };
  const hints = hintsOf(request);
  const { browser, os, platform } = Bowser.parse(text, hints);
  const version = /^\d{1,4}(?=\.|$)/.exec(browser.version ?? '')?.[0] ?? '';
  const family = FAMILIES.get(browser.name ?? '') ?? '';
  return {
    family,
    version: family === '' ? '' : version,
    system: SYSTEMS.get(hints.platform ?? '') ?? SYSTEMS.get(os.name ?? '') ?? '',
    type: TYPES.get(platform.type ?? '') ?? (hints.mobile === true ? 'mobile' : 'other'),
  };
}

/** `Firefox 140 · Linux`. */
function nameOf({ family, version, system }: Agent): string {
  const browser = version === '' ? family : `${family} ${version}`;
  return [browser, system].filter((part) => part !== '').join(' · ') || 'Browser';
}

function hintsOf(request: Pick<HttpRequest, 'headers'>): Bowser.ClientHints {
  const platform = /^"([A-Za-z ]{1,20})"$/.exec(headerOf(request, 'sec-ch-ua-platform'))?.[1];
  const brands = [
    ...headerOf(request, 'sec-ch-ua')
      .slice(0, MAX_BRANDS)
      .matchAll(/"([A-Za-z ]{1,30})";v="(\d{1,4})"/g),
  ];
  return {
    brands: brands.map(([, brand = '', version = '']) => ({ brand, version })),
    mobile: headerOf(request, 'sec-ch-ua-mobile') === '?1',
    ...(platform === undefined ? {} : { platform }),
  };
}

function headerOf({ headers }: Pick<HttpRequest, 'headers'>, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

const MAX_AGENT = 512;
const MAX_BRANDS = 256;

const FAMILIES: ReadonlyMap<string, string> = new Map(
  [
    'Brave',
    'Chrome',
    'Chromium',
    'DuckDuckGo',
    'Firefox',
    'Microsoft Edge',
    'Opera',
    'QQ Browser',
    'Safari',
    'Samsung Internet for Android',
    'UC Browser',
    'Vivaldi',
    'WeChat',
    'Yandex Browser',
  ].map((name) => [name, name.replace('Microsoft ', '').replace(' for Android', '')] as const),
);

const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['Android', 'Android'],
  ['Chrome OS', 'ChromeOS'],
  ['ChromeOS', 'ChromeOS'],
  ['Chromium OS', 'ChromeOS'],
  ['HarmonyOS', 'HarmonyOS'],
  ['Linux', 'Linux'],
  ['Tizen', 'Tizen'],
  ['WebOS', 'webOS'],
  ['Windows', 'Windows'],
  ['iOS', 'iOS'],
  ['macOS', 'macOS'],
]);

const TYPES: ReadonlyMap<string, DeviceType> = new Map([
  ['desktop', 'desktop'],
  ['mobile', 'mobile'],
  ['tablet', 'tablet'],
  ['tv', 'tv'],
]);
