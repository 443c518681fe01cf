import Bowser from 'bowser';

/** Characters. */
const MAX_NAME = 64;
/** Of what browsers say about themselves. */
const MAX_AGENT = 512;
/** Controls, and what turns the direction of letters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** What an owner calls a passkey, or else what it is called by itself. At most 64 characters, without anything that cannot be seen. */
export function readPasskeyName(text: string | undefined, otherwise: string): string {
  const seen = (text ?? '').slice(0, 1_000).toWellFormed().replace(UNSEEN, ' ').replace(/\s+/gu, ' ').trim();
  const name = [...seen].slice(0, MAX_NAME).join('').trim();
  return name === '' ? otherwise : name;
}

/** Browser and system that it is made in, as its owner knows them: `Chrome · Windows`. Nobody vouches for what an authenticator says of itself. */
export function defaultPasskeyName(userAgent: string | readonly string[] | undefined): string {
  const agent = typeof userAgent === 'string' ? userAgent.slice(0, MAX_AGENT) : '';
  const { browser, os } = agent === '' ? { browser: {}, os: {} } : Bowser.parse(agent);
  const known = [browser.name, os.name].filter((word) => word !== undefined && word !== '');
  return readPasskeyName(known.join(' · '), 'Passkey');
}
