/** One way in which somebody has proved themselves. */
export type Method = 'password' | 'email_code' | 'email_link' | 'passkey' | 'totp' | 'recovery_code' | 'upstream';

/** What was shown, and when. */
export interface ProvedMethod {
  readonly method: Method;
  /** Seconds since 1970. */
  readonly at: number;
  /** Of a passkey: the user was verified by the authenticator (a PIN, a finger), and whether the key may leave it (WebAuthn §6.1.3). */
  readonly passkey?: { readonly userVerified: boolean; readonly backupEligible: boolean };
  /**
   * Of an upstream: its name, whether it says two factors where its word for that counts, and whether it said when (`at` is then its word; else it is when they came back, which says nothing
   * of when they showed anything).
   */
  readonly upstream?: { readonly name: string; readonly multiFactor: boolean; readonly dated: boolean };
}

function wordsOf({ method, passkey }: ProvedMethod): readonly string[] {
  switch (method) {
    case 'password':
      return ['pwd'];
    case 'passkey':
      // Nothing attests a key that stays where it is: `hwk` would say more than we know.
      return [passkey?.backupEligible === true ? 'swk' : 'pop', 'user'];
    case 'upstream':
      return ['fed'];
    case 'email_code':
    case 'email_link':
      // Not `otp`: with `pwd` beside it, relying parties would read two factors.
      return ['email'];
    case 'totp':
    case 'recovery_code':
      return ['otp'];
  }
}

/**
 * The methods as `amr` names them (RFC 8176 §2), each word once and in the order in which they were shown; `mfa` at the end where two factors were.
 */
export function amrOf(methods: readonly ProvedMethod[]): readonly string[] {
  const words = new Set(methods.flatMap(wordsOf));
  if (isMultiFactor(methods)) words.add('mfa');
  return [...words];
}

/**
 * Something somebody knows (or an upstream that knows them) and something they have, or a passkey that asked for a PIN or a finger. Mail is never one of two: whoever reads somebody's mail
 * resets the rest.
 */
function isMultiFactor(methods: readonly ProvedMethod[]): boolean {
  const has = (...wanted: readonly Method[]): boolean => methods.some(({ method }) => wanted.includes(method));
  return (
    methods.some(({ passkey, upstream }) => passkey?.userVerified === true || upstream?.multiFactor === true) ||
    (has('password', 'upstream') && has('totp', 'passkey', 'recovery_code'))
  );
}

/** Whether two things were shown of which one is no password: what `policies.sign_in.second_factor` asks for. Mail and a code of an app are that, but never two factors to a client. */
export function showsSecondFactor(methods: readonly ProvedMethod[]): boolean {
  return isMultiFactor(methods) || (methods.length > 1 && methods.some(({ method }) => SECONDS.includes(method)));
}

const SECONDS: readonly Method[] = ['totp', 'recovery_code', 'passkey'];

/** When somebody authenticated (OpenID Connect Core §2 `auth_time`): the oldest of what `amr` names, so that nothing passes for fresher than it is. */
export function authTimeOf(methods: readonly [ProvedMethod, ...ProvedMethod[]]): number {
  return Math.min(...methods.map(({ at }) => at));
}

/** Whether `authTimeOf` is when everything was shown, as far as anybody knows. */
export function isDated(methods: readonly ProvedMethod[]): boolean {
  return methods.every(({ upstream }) => upstream?.dated !== false);
}

/** `methods` with what has been shown since: of one method the latest. */
export function withMethods(
  methods: readonly ProvedMethod[],
  added: readonly [ProvedMethod, ...ProvedMethod[]],
): readonly [ProvedMethod, ...ProvedMethod[]] {
  const kept = methods.filter(({ method }) => added.every((other) => other.method !== method));
  const [first, ...others] = kept;
  return first === undefined ? added : [first, ...others, ...added];
}

const METHODS: readonly Method[] = ['password', 'email_code', 'email_link', 'passkey', 'totp', 'recovery_code', 'upstream'];

/** What was written as JSON, by this version or another one: what does not read is nothing that anybody has proved. */
export function readMethods(value: unknown): readonly ProvedMethod[] {
  return Array.isArray(value) ? value.flatMap(readMethod) : [];
}

function readMethod(value: unknown): readonly ProvedMethod[] {
  const { method: word, at, passkey, upstream }: Readonly<Record<string, unknown>> = Object(value);
  const method = METHODS.find((one) => one === word);
  if (method === undefined || typeof at !== 'number') return [];
  const { userVerified, backupEligible }: Readonly<Record<string, unknown>> = Object(passkey);
  const { name, multiFactor, dated }: Readonly<Record<string, unknown>> = Object(upstream);
  return [
    {
      method,
      at,
      ...(passkey === undefined ? {} : { passkey: { userVerified: userVerified === true, backupEligible: backupEligible === true } }),
      ...(typeof name === 'string' ? { upstream: { name, multiFactor: multiFactor === true, dated: dated === true } } : {}),
    },
  ];
}
