/** The page: choices into pictures. */
import { cardOf, decideAll, key, type Room } from './card.ts';
import { type Choices, readChoices, writeChoices } from './choices.ts';
import { drawControls, readControls, showWhatMatters } from './controls.ts';
import { element, find } from './elements.ts';
import type { Fate } from './run.ts';
import { requestsOf } from './traffic.ts';
import { type Language, wordsOf } from './words.ts';

const form = find('choices');
const plots = find('plots');
const legend = find('legend');
if (!(form instanceof HTMLFormElement)) throw new Error('#choices is no form');

let choices = readChoices(new URLSearchParams(location.hash.slice(1)));
let language: Language = languageAtFirst();

function languageAtFirst(): Language {
  const asked = new URLSearchParams(location.hash.slice(1)).get('lang');
  if (asked === 'en' || asked === 'zh') return asked;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function draw(): void {
  const words = wordsOf(language);
  const requests = requestsOf(choices);
  const room = roomIn(plots.clientWidth);
  const decided = choices.kinds.map((kind) => decideAll(kind, requests, choices));
  const endMs = endOf(decided.flatMap(({ fates }) => fates));
  const cards = decided.map((one) => cardOf(one, endMs, choices, room, words));
  plots.replaceChildren(...(cards.length > 0 ? cards : [element('p', { class: 'none' }, words.none)]));
  const isTwo = choices.shape === 'two_clients';
  legend.replaceChildren(
    ...(isTwo ? [key('first', words.legend.first), key('second', words.legend.second)] : [key('first', words.legend.allowed)]),
    key('refused', words.legend.refused),
    key('rate', words.legend.rate),
    key('thread', `${words.comes} → ${words.goesOn}`),
  );
}

/** One scale for all pictures, so that they can be compared: what was delayed may go on after the last request. */
function endOf(fates: readonly Fate[]): number {
  const lastMs = fates.reduce((last, { goesOnMs = 0 }) => Math.max(last, goesOnMs), 0);
  return Math.max(choices.seconds * 1000, Math.ceil(lastMs / 500) * 500);
}

/** Side by side where there is room for both. */
function roomIn(width: number): Room {
  const inner = Math.max(240, Math.floor(width) - 2 * (width < 640 ? 16 : 24));
  if (inner < 720) return { time: inner, spans: inner };
  const spans = Math.round(inner * 0.3);
  return { time: inner - spans - 24, spans };
}

function keep(): void {
  const pairs = writeChoices(choices);
  pairs.set('lang', language);
  history.replaceState(undefined, '', `#${pairs}`);
}

function speak(): void {
  const words = wordsOf(language);
  document.documentElement.lang = words.htmlLang;
  document.title = `${words.title} · Hufu`;
  find('title').textContent = words.title;
  find('lead').textContent = words.lead;
  find('note').textContent = words.note;
  find('results').textContent = words.title;
  const other = find('language');
  other.textContent = words.other;
  other.lang = language === 'zh' ? 'en' : 'zh-CN';
}

function whole(controls: HTMLFormElement, next: Choices): void {
  choices = next;
  speak();
  drawControls(controls, choices, wordsOf(language));
  draw();
}

form.addEventListener('input', () => {
  choices = readControls(form);
  showWhatMatters(form, choices);
  draw();
  keep();
});
// What was typed and cannot be is shown as what it was taken for.
form.addEventListener('change', () => {
  for (const input of form.querySelectorAll<HTMLInputElement>('input[type=number]')) {
    const value = writeChoices(choices).get(input.name);
    if (value !== null && input.value !== value) input.value = value;
  }
});
form.addEventListener('submit', (event) => event.preventDefault());
find('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  whole(form, choices);
  keep();
});
addEventListener('hashchange', () => {
  language = languageAtFirst();
  whole(form, readChoices(new URLSearchParams(location.hash.slice(1))));
});

whole(form, choices);
let width = plots.clientWidth;
new ResizeObserver(() => {
  if (plots.clientWidth === width) return;
  width = plots.clientWidth;
  draw();
}).observe(plots);
