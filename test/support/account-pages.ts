import { hiddenFieldsIn, unescapeHtml } from '@hufu/server/testing/hidden-fields';
import type { Agent, Page } from './agent.ts';

/** A form of a page that has several. */
export interface PageForm {
  readonly action: string;
  readonly hidden: Record<string, string>;
  readonly text: string;
}

/** All forms of a page, in order. */
export function formsOf(page: Page): readonly PageForm[] {
  return [...page.text.matchAll(/<form\b[^>]* action="([^"]*)"[^>]*>[\s\S]*?<\/form>/g)].map(([text, action = '']) => ({
    action: unescapeHtml(action),
    text,
    hidden: hiddenFieldsIn(text),
  }));
}

/** The first form that is about `words` (a button, a name, an act). */
export function formAbout(page: Page, words: string | RegExp): PageForm {
  const found = formsOf(page).find(({ text }) => (typeof words === 'string' ? text.includes(words) : words.test(text)));
  if (found === undefined) throw new Error(`no form about ${String(words)} on ${page.name}`);
  return found;
}

/** Sends it with the fields that a person fills in. */
export function send(
  agent: Agent,
  form: PageForm,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Page> {
  return agent.post(form.action, { ...form.hidden, ...fields }, headers);
}

/** Follows redirects on our own origin. */
export async function follow(agent: Agent, page: Page): Promise<Page> {
  let at = page;
  for (let steps = 0; steps < 6 && at.location.startsWith('/'); steps++) at = await agent.get(at.location);
  return at;
}
