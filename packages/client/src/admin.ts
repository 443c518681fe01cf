/** The admin API (`/admin/v1`), typed by the table of its operations. */
export { AdminError, isProblem } from './admin/admin-error.ts';
export { allOf, allUntyped, type ItemOf, LIST_NAMES, type ListName, MOST_ITEMS } from './admin/all-of.ts';
export {
  type AdminReply,
  type AdminTransport,
  callAdmin,
  callUntyped,
  type InputOf,
  type UntypedInput,
} from './admin/call-admin.ts';
