import type { Context } from '../context.ts';
import type { HttpReply } from '../http.ts';
import type { browserOf } from '../sessions/known-browser.ts';
import { type PageHeaderOptions, pageHeaders } from './pages/headers.ts';

/** A page with a form of ours, for the browser that the form is bound to: it gets its cookie with the first one. */
export function formPage(
  ctx: Context,
  { cookie }: ReturnType<typeof browserOf>,
  body: string,
  {
    status = 200,
    ...options
  }: { readonly status?: number } & Pick<
    PageHeaderOptions,
    'opener' | 'scriptNonce' | 'scripts' | 'connects' | 'foreignScripts' | 'frames'
  > = {},
): HttpReply {
  const headers = pageHeaders({ issuer: ctx.issuer, ...options });
  return { status, headers: cookie === undefined ? headers : { ...headers, 'set-cookie': cookie }, body };
}
