import { REQUESTS } from './requests.ts';
import { runDifferential } from './run.ts';
const t = performance.now();
const d = await runDifferential(REQUESTS);
console.log(REQUESTS.length, new Set(d.map((x) => x.id)).size, d.length, performance.now() - t, REQUESTS.length - new Set(REQUESTS.map((x) => x.id)).size);
for (const x of d) console.log(`${x.id} | ${x.aspect} | ${x.ours} | ${x.theirs}`);
