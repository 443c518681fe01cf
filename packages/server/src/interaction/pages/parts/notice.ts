import { attributes, type Html, html } from '../html.ts';

/**
 * - `done`: what was asked for has happened.
 * - `told`: something to know.
 * - `attention`: something that somebody should do.
 * - `problem`: it has not happened, and why.
 */
export type NoticeKind = 'done' | 'told' | 'attention' | 'problem';

const ROLES: Readonly<Record<NoticeKind, string | undefined>> = { done: 'status', told: undefined, attention: undefined, problem: 'alert' };

/** A sentence or two that stand apart. `action`: a link to what there is to do about it. */
export function notice(kind: NoticeKind, words: string | Html, options: { readonly id?: string; readonly action?: Html } = {}): Html {
  const marks = attributes({ class: `note note-${kind}`, id: options.id, role: ROLES[kind] });
  return html`<div ${marks}><p>${words}</p>${options.action !== undefined && html`<p class="note-act">${options.action}</p>`}</div>`;
}
