import type { MailedEvent } from '../../accounts/user-event-kinds.ts';

/** A mail with something to do. */
interface AskWords {
  readonly subject: string;
  readonly heading: string;
  /** Why it came, in a sentence or two. */
  readonly lead: string;
  /** Before the code, where there is one. */
  readonly code: string;
  /** On the link. */
  readonly act: string;
  /** Until when it is good, and what to do when one did not ask for it. */
  readonly closing: (lifetime: string) => readonly string[];
}

/** A mail that only tells something. */
interface TellWords {
  readonly subject: string;
  readonly heading: string;
  readonly lead: string;
}

/** All words of the mails. A language is one value of this type, so none can be forgotten. */
export interface MailWords {
  readonly productName: string;
  /** At the end of each mail. */
  readonly sentBy: (host: string) => string;
  /** In plain text, where the link stands on a line of its own. */
  readonly orOpen: string;
  readonly signIn: AskWords;
  readonly signUp: AskWords;
  readonly verifyEmail: AskWords;
  readonly resetPassword: AskWords;
  /** An administrator has made an account; `{name}` is the service’s name. */
  readonly invite: AskWords;
  /** Before a second factor is made in a sign-in: no link, since the sign-in goes on in its own browser alone. */
  readonly enrol: AskWords;
  /** Somebody wanted a new password for an address that has none. */
  readonly noPassword: TellWords & { readonly closing: string };
  /** Somebody wanted to sign up with an address that is taken. */
  readonly accountThere: TellWords & { readonly act: string; readonly closing: string };
  readonly notices: Readonly<Record<MailedEvent, TellWords>>;
  readonly notice: {
    readonly when: string;
    readonly device: string;
    readonly name: string;
    readonly newAddress: string;
    /** What to do if it was somebody else; and the link for that. */
    readonly notYou: string;
    readonly act: string;
    /** For an account that is gone. */
    readonly notYouGone: string;
  };
}
