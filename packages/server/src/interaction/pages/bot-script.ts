import { createHash } from 'node:crypto';

/**
 * Solves the puzzle of `proof-of-work.ts` while a form is filled in: SHA-256 (FIPS 180-4 §6.2) by hand, since the browser's own answers one hash at a time and later. A form that is sent
 * before the answer is there waits for it.
 */
export const BOT_SCRIPT: string = `const panel = document.getElementById('bot-check');
const form = panel.closest('form');
const field = form.elements.bot_answer;
const SLICE_MS = 40;
const K = new Uint32Array(64);
const START = new Uint32Array(8);
const words = new Uint32Array(64);

function fractions() {
  const root = (value, degree) => {
    const power = value ** (1 / degree);
    return ((power - Math.floor(power)) * 4294967296) >>> 0;
  };
  for (let found = 0, candidate = 2; found < 64; candidate += 1) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) if (candidate % divisor === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = root(candidate, 2);
    K[found] = root(candidate, 3);
    found += 1;
  }
}

// The first word of the hash of a text that is short enough for two blocks.
function firstWord(text) {
  const length = text.length;
  const blocks = length < 56 ? 1 : 2;
  let [h0, h1, h2, h3, h4, h5, h6, h7] = START;
  for (let block = 0; block < blocks; block += 1) {
    for (let index = 0; index < 16; index += 1) {
      let word = 0;
      for (let byte = 0; byte < 4; byte += 1) {
        const at = block * 64 + index * 4 + byte;
        word = (word << 8) | (at < length ? text.charCodeAt(at) : at === length ? 128 : 0);
      }
      words[index] = word;
    }
    if (block === blocks - 1) words[15] = length * 8;
    for (let index = 16; index < 64; index += 1) {
      const a = words[index - 15];
      const b = words[index - 2];
      const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
      const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
      words[index] = (words[index - 16] + s0 + words[index - 7] + s1) | 0;
    }
    let a = h0, b = h1, c = h2, d = h3, e = h4, f = h5, g = h6, h = h7;
    for (let index = 0; index < 64; index += 1) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[index] + words[index]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    h0 = (h0 + a) | 0; h1 = (h1 + b) | 0; h2 = (h2 + c) | 0; h3 = (h3 + d) | 0;
    h4 = (h4 + e) | 0; h5 = (h5 + f) | 0; h6 = (h6 + g) | 0; h7 = (h7 + h) | 0;
  }
  return h0 >>> 0;
}

const pause = () => new Promise((resolve) => setTimeout(resolve));

async function solve() {
  const { puzzle, bits, parts } = panel.dataset;
  const shift = 32 - Number(bits);
  const numbers = [];
  let until = performance.now() + SLICE_MS;
  for (let part = 0; part < Number(parts); part += 1) {
    const head = puzzle + '.' + part + '.';
    let number = 0;
    while (firstWord(head + number) >>> shift !== 0) {
      number += 1;
      if (number % 256 !== 0 || performance.now() < until) continue;
      await pause();
      until = performance.now() + SLICE_MS;
    }
    numbers.push(number);
  }
  field.value = numbers.join('.');
  show('bot-done');
  return field.value;
}

function show(id) {
  for (const name of ['bot-working', 'bot-done']) document.getElementById(name).hidden = name !== id;
}

fractions();
const solved = solve();
form.addEventListener('submit', (event) => {
  if (field.value !== '' || (event.submitter && event.submitter.formNoValidate)) return;
  event.preventDefault();
  show('bot-working');
  solved.then((answer) => {
    field.value = answer;
    form.requestSubmit(event.submitter);
  });
});
`;

/** Where it is served: the name carries a hash of the content, so it may be kept for ever. */
export const BOT_SCRIPT_PATH: string = `/assets/bot-check.${createHash('sha256').update(BOT_SCRIPT).digest('hex').slice(0, 12)}.js`;
