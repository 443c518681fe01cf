import type { UsernameFault } from '../../../accounts/new-username.ts';
import type { PasswordFault } from '../../../accounts/password-policy.ts';
import type { PasskeyProblem } from '../../../passkeys/problem.ts';
import type { ErrorKind } from '../error-kinds.ts';
import type { Html } from '../html.ts';
import type { AccountMessages } from './account.ts';
import type { BotCheckMessages } from './bot-check.ts';
import type { DevicesMessages } from './devices.ts';
import type { MailMessages } from './mail-messages.ts';
import type { VerifyMessages } from './verify.ts';

/** Scopes of OpenID Connect Core §5.4 that get a sentence of their own. */
export type StandardScope = 'openid' | 'profile' | 'email' | 'address' | 'phone';

/** The words for one refusal: what happened, why, and what to do now. */
export interface ErrorMessage {
  readonly what: string;
  readonly why: string;
  readonly now: string;
}

/** Passkeys, wherever they are made or used. */
export interface PasskeyWords {
  readonly use: string;
  /** The same for somebody who is known by now. */
  readonly show: string;
  readonly create: string;
  readonly name: string;
  readonly nameHint: string;
  /** The browser says no more than that it came to nothing. */
  readonly cancelled: string;
  readonly notCreated: string;
  readonly unsupported: string;
  readonly needsScript: string;
  readonly failed: string;
  readonly problems: Readonly<Record<PasskeyProblem, string>>;
}

/** All words of the pages. A language is one value of this type, so none can be forgotten. */
export interface Messages {
  /** The language's name in itself, for the switch. */
  readonly languageName: string;
  readonly languages: string;
  readonly productName: string;
  /** In one unit: see `largest-unit.ts`. */
  readonly duration: (seconds: number) => string;

  /** Sets words apart, in the language's own parentheses. */
  readonly aside: (words: Html) => Html;

  readonly client: {
    readonly privacyPolicy: string;
    readonly termsOfService: string;
    /** Where people get help. */
    readonly support: string;
    /** Says, on hover, what the host beside a client's name is. */
    readonly hostMeaning: string;
    /** The same of a client's id, where there is no host. */
    readonly idMeaning: string;
    readonly onThisDevice: string;
  };
  readonly signIn: {
    readonly heading: string;
    readonly continueTo: string;
    readonly username: string;
    readonly password: string;
    readonly submit: string;
    readonly cancel: string;
    /** Put before the title when the page comes back with a problem. */
    readonly titleProblem: string;
    readonly wrongCredentials: string;
    readonly slowedDown: (seconds: number) => string;
    /** With the space, if any, before the link that follows. */
    readonly noAccount: string;
    readonly createAccount: string;
    /** Between the password and the other services. */
    readonly or: string;
    readonly withUpstream: (name: string) => string;
    /** Instead of their buttons. */
    readonly tooLongForUpstream: string;
  };
  readonly upstreamReturn: {
    readonly heading: string;
    readonly explain: string;
    readonly submit: string;
  };
  readonly verify: VerifyMessages;
  readonly devices: DevicesMessages;
  readonly passkeys: PasskeyWords;
  readonly signUp: {
    readonly heading: string;
    readonly continueTo: string;
    readonly replaces: (user: Html) => Html;
    readonly username: string;
    readonly usernameHint: string;
    readonly email: string;
    readonly name: string;
    readonly optional: string;
    readonly password: string;
    readonly passwordHint: (characters: number) => string;
    readonly submit: string;
    readonly cancel: string;
    /** With the space, if any, before the link that follows. */
    readonly haveAccount: string;
    readonly signIn: string;
    readonly titleProblem: string;
    readonly faults: {
      readonly username: Readonly<Record<UsernameFault | 'taken', string>>;
      readonly email: string;
      /** Where nobody does without one. */
      readonly emailMissing: string;
      readonly name: string;
      readonly password: Readonly<Record<PasswordFault, (characters: number) => string>>;
    };
  };
  readonly consent: {
    readonly heading: string;
    readonly asks: (user: Html) => Html;
    readonly otherAccount: string;
    readonly aboutYou: string;
    readonly scopes: Readonly<Record<StandardScope, string>>;
    readonly useApi: (name: string) => string;
    /** For a scope that nobody described. */
    readonly undescribed: string;
    /** Before the resources that an entry of `authorization_details` is for. */
    readonly detailLocations: string;
    readonly detailFlag: (value: boolean) => string;
    readonly whileAway: string;
    readonly offlineAccess: string;
    readonly offlineMeaning: string;
    readonly lasts: string;
    readonly untilTakenBack: string;
    readonly thisTimeOnly: string;
    readonly returnsTo: string;
    readonly takeBack: (account: Html) => Html;
    readonly accountPages: string;
    readonly allow: string;
    readonly deny: string;
  };
  readonly logout: {
    readonly heading: string;
    readonly clientAsks: (client: Html) => Html;
    readonly signedInAs: (user: Html) => Html;
    readonly meaning: string;
    readonly confirm: string;
    readonly cancel: string;
  };
  readonly account: AccountMessages;
  readonly device: {
    readonly heading: string;
    readonly explain: string;
    readonly code: string;
    readonly submit: string;
    readonly wrongCode: string;
    readonly slowedDown: (seconds: number) => string;
    readonly titleProblem: string;
    readonly confirmHeading: string;
    readonly asks: (user: Html) => Html;
    /** What keeps somebody from connecting a stranger's device. */
    readonly warning: string;
    readonly compare: string;
    readonly askedFrom: string;
    readonly askedBy: string;
    readonly askedAt: string;
    readonly unknownAgent: string;
    readonly ago: (seconds: number) => string;
    readonly allow: string;
    readonly deny: string;
    readonly allowed: string;
    readonly allowedNow: (client: string) => string;
    readonly denied: string;
    readonly deniedNow: string;
    readonly gone: string;
    readonly goneNow: string;
  };
  readonly approvals: {
    readonly heading: string;
    readonly none: string;
    readonly asks: string;
    readonly warning: string;
    readonly message: string;
    readonly endsIn: string;
    readonly allow: string;
    readonly deny: string;
    readonly allowFor: (client: string) => string;
    readonly denyFor: (client: string) => string;
    readonly allowed: string;
    readonly denied: string;
    readonly gone: string;
  };
  readonly signedOut: {
    readonly heading: string;
    readonly ended: string;
    readonly elsewhere: string;
    /** Where the page goes by itself. */
    readonly onward: (host: Html) => Html;
    readonly continue: string;
    readonly backTo: (client: string) => string;
    readonly signInAgain: string;
  };
  readonly mail: MailMessages;
  readonly botCheck: BotCheckMessages;
  readonly completed: {
    readonly heading: string;
    readonly answered: string;
    readonly now: string;
    readonly backTo: (client: string) => string;
  };
  readonly formPost: {
    readonly heading: string;
    readonly explain: (host: Html) => Html;
    readonly submit: string;
  };
  readonly home: {
    readonly title: string;
    readonly what: string;
    readonly issuer: string;
    readonly account: string;
    readonly accountMeaning: string;
    readonly console: string;
    readonly consoleMeaning: string;
    readonly discovery: string;
    readonly discoveryMeaning: string;
    readonly docs: string;
    readonly docsMeaning: string;
  };
  readonly error: {
    readonly why: string;
    readonly now: string;
    readonly wait: (seconds: number) => string;
    readonly received: string;
    readonly decisionId: string;
    readonly decisionMeaning: string;
    readonly kinds: Readonly<Record<ErrorKind, ErrorMessage>>;
  };
}
