import type { DeviceType } from '@hufu/store/port';
import type { Html } from '../html.ts';

/** Words of the pages that say on how many devices somebody may be. */
export interface DevicesMessages {
  readonly full: string;
  /** `count` have to go. */
  readonly fullLead: (count: number) => string;
  readonly fullAtClient: (client: Html) => Html;
  readonly fullAtClientLead: (count: number) => string;
  readonly choose: string;
  readonly signOut: string;
  readonly signOutAtClient: string;
  readonly tooFew: (count: number) => string;
  readonly elsewhere: string;
  readonly elsewhereLead: (client: Html) => Html;
  readonly elsewhereMeaning: string;
  readonly here: string;
  readonly cancel: string;
  readonly account: (user: Html) => Html;
  readonly unnamed: string;
  readonly lastUsed: (when: Html) => Html;
  readonly titleProblem: string;
  /** On the sign-in page, where a session of this browser has ended. */
  readonly replaced: (when: string, device: DeviceType | undefined) => string;
}
