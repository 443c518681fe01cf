import { createHash } from 'node:crypto';

/**
 * What improves the account centre, and every page that asks for it, where scripts run: passwords can be shown, times are in the reader's own zone, codes can be copied.
 * Nothing depends on it. All words stand in the page.
 */
export const ACCOUNT_SCRIPT: string = `for (const input of document.querySelectorAll('input[data-show]')) {
  const frame = document.createElement('div');
  frame.className = 'revealing';
  input.before(frame);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'reveal';
  const say = () => {
    const shown = input.type === 'text';
    button.textContent = shown ? input.dataset.hide : input.dataset.show;
    button.setAttribute('aria-pressed', String(shown));
  };
  button.setAttribute('aria-controls', input.id);
  button.addEventListener('click', () => {
    input.type = input.type === 'text' ? 'password' : 'text';
    say();
  });
  const focused = document.activeElement === input;
  frame.append(input, button);
  if (focused) input.focus();
  // What was shown is sent as a password, so that no browser keeps it as something typed.
  input.form?.addEventListener('submit', () => {
    input.type = 'password';
    say();
  });
  say();
}

const language = document.documentElement.lang;
for (const time of document.querySelectorAll('time[data-local]')) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = time.textContent;
  time.textContent = at.toLocaleString(language === 'en' ? 'en-GB' : language, { dateStyle: 'medium', timeStyle: 'short' });
}

for (const shown of document.querySelectorAll('[data-copy]')) {
  if (navigator.clipboard === undefined) break;
  const line = document.createElement('p');
  line.className = 'copying';
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = shown.dataset.copy;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(shown.dataset.copyText);
    button.textContent = shown.dataset.copied;
    button.setAttribute('aria-live', 'polite');
  });
  line.append(button);
  shown.after(line);
}
`;

/** Where it is served: the name carries a hash of the content, so it may be kept for ever. */
export const ACCOUNT_SCRIPT_PATH: string = `/assets/account.${createHash('sha256').update(ACCOUNT_SCRIPT).digest('hex').slice(0, 12)}.js`;
