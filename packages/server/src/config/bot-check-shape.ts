import { object, optional, required } from './collection-shapes.ts';
import type { BotCheckConfig } from './config.ts';
import { findText, findValue, type MapNode } from './node.ts';
import { choice, hidden, text, textAs, wholeNumber } from './scalar-shapes.ts';
import { type Failed, Refused, type Shape, type Spot } from './shape.ts';

const DEFAULT_BITS = 14;
const KINDS = ['proof_of_work', 'turnstile', 'recaptcha'] as const;

/** `policies.bot_check`. */
export const botCheckShape: Shape<BotCheckConfig> = object({
  keys: {
    kind: required(
      choice(KINDS),
      'proof_of_work: the browser computes for a moment, and nobody else is asked. turnstile, recaptcha: the box of Cloudflare or Google.',
    ),
    bits: optional(
      wholeNumber(8, 20),
      'With proof_of_work: how hard it is; each one more doubles the time. By default 14, a second of an ordinary computer or less.',
    ),
    site_key: optional(
      textAs({ allowed: ['the site key of the service'], maxLength: 200, read: readKey }),
      'With turnstile and recaptcha.',
    ),
    secret: optional(hidden(text(200)), 'With turnstile and recaptcha. Best as ${VARIABLE}.'),
    verify_url: optional(
      textAs({
        allowed: ['https://…'],
        maxLength: 500,
        read: (value) =>
          /^https?:\/\/[^\s@/?#]+(?:[/?#]\S*)?$/.test(value) ? value : new Refused('is no address, or one with user information'),
      }),
      'With turnstile and recaptcha: where answers are checked, where that is not the service itself but a proxy of yours.',
    ),
  },
  check: requireKeys,
  build({ kind, bits, site_key: siteKey, secret, verify_url: verifyUrl }) {
    if (kind === 'proof_of_work') return { kind, bits: bits ?? DEFAULT_BITS };
    if (siteKey === undefined || secret === undefined) throw new TypeError('a widget without keys passed requireKeys');
    const widget = { siteKey, secret, verifyUrl };
    return kind === 'turnstile' ? { kind, ...widget } : { kind, ...widget };
  },
});

function readKey(value: string): string | Refused {
  return /^[\w.-]+$/.test(value) ? value : new Refused('has characters that no site key has');
}

function requireKeys(node: MapNode, spot: Spot): Failed | undefined {
  const kind = findText(findValue(node, 'kind'));
  if (kind !== 'turnstile' && kind !== 'recaptcha') return undefined;
  for (const key of ['site_key', 'secret'] as const)
    if (findValue(node, key) === undefined)
      return spot.at(key).report(node.place, `is missing: ${kind} needs it`, '', ['site_key', 'secret']);
  return undefined;
}
