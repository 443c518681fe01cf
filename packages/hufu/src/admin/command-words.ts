import type { OperationName } from '@hufu/protocol/admin/operations';

/** What people say rather. */
const VERBS: Readonly<Record<string, string>> = { get: 'show', put: 'set' };

/** Whoever looks for sessions and devices looks for these words, and not for those of the paths. */
const OWN: Readonly<Partial<Record<OperationName, string>>> = {
  'me.get': 'administrator me',
  'users.claims.put': 'user update',
  'users.factors.list': 'user factors',
  'users.factors.reset': 'user reset-factors',
  'users.sessions.list': 'session list',
  'users.sessions.end': 'session end',
  'users.devices.list': 'device list',
  'users.devices.remove': 'device remove',
  'webhooks.deliveries.list': 'webhook deliveries',
  'webhooks.deliveries.redeliver': 'webhook redeliver',
};

/** The name of a command for an operation: a noun in the singular, and a verb. */
export function commandName(name: OperationName): string {
  const own = OWN[name];
  if (own !== undefined) return own;
  const [noun = '', ...rest] = name.split('.');
  const verb = rest.at(-1) ?? '';
  return [noun, ...rest.slice(0, -1)]
    .map((word) => word.replace(/ies$/, 'y').replace(/s$/, ''))
    .concat(VERBS[verb] ?? verb)
    .join(' ');
}
