/**
 * Who has much: nothing is spread evenly where people are. Numbers of grants, users and clients are those of `rows.ts`.
 */

/** Ids of users that are seeded begin after it: those of the configuration come first. */
export const FIRST_USER = 1_000;
/** So do those of grants. */
export const FIRST_GRANT = 100_000;
export const FIRST_SESSION = 1_000;

/** Has half of all grants; and half of all refusals, all with one error at one endpoint. */
export const HUGE_CLIENT = 'client-00001';
/** Has a twentieth of all grants, none of them among the newest nine tenths. */
export const OLD_CLIENT = 'client-00002';
/** Was revoked, with all that it had been granted. */
export const REVOKED_CLIENT = 'client-00020';
/** Has no grants and no refusals. */
export const IDLE_CLIENT = 'client-none';
/** Has a two-hundredth of all grants. */
export const BUSY_USER = 1;
/** Has some thousands as well, all of them old. */
export const OLD_USER = 2;
/** The parent of some thousands. */
export const PARENT_GRANT = FIRST_GRANT + 500;
export const CHILDREN = 1_500;

/** Once among all. */
export const RARE_ERROR = 'server_error';

export const subOf = (user: number): string => `s${String(user).padStart(8, '0')}`;
