import type { Html } from '../html.ts';

/** Words of the pages where a second factor is shown, and where the first one is made. */
export interface VerifyMessages {
  readonly heading: string;
  /** For whoever is signed in and is asked for more. */
  readonly stepUpHeading: string;
  readonly account: (user: Html) => Html;
  readonly totpLead: string;
  readonly totpCode: string;
  readonly totpHint: string;
  readonly recoveryLead: string;
  readonly recoveryCode: string;
  readonly recoveryHint: (left: number) => string;
  readonly passkeyLead: string;
  readonly submit: string;
  readonly cancel: string;
  /** Goes on without what the client would rather have. */
  readonly skip: string;
  readonly wished: string;
  readonly trust: (days: number) => string;
  readonly trustHint: string;
  readonly anotherWay: string;
  readonly ways: Readonly<Record<'totp' | 'recovery_code' | 'passkey', string>>;
  readonly titleProblem: string;
  readonly wrong: Readonly<Record<'totp' | 'recovery_code', string>>;
  readonly slowedDown: (seconds: number) => string;
  readonly off: string;
  readonly over: string;
  readonly freshLead: string;
  readonly enrol: {
    readonly heading: string;
    readonly lead: string;
    readonly scan: string;
    readonly scanMeaning: string;
    readonly cannotScan: string;
    readonly qrLabel: string;
    readonly type: string;
    readonly submit: string;
    readonly wrong: string;
    readonly over: string;
    readonly or: string;
    readonly copy: string;
    readonly copied: string;
  };
  readonly enrolMail: {
    readonly lead: (address: Html) => Html;
    readonly send: string;
    readonly again: string;
  };
  readonly codes: {
    readonly heading: string;
    readonly lead: string;
    readonly once: string;
    readonly kept: string;
    readonly copy: string;
    readonly copied: string;
  };
}
