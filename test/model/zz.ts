import { openMemory } from '@hufu/store/memory';
import { startNode } from '../support/nodes.ts';
import { MODEL_YAML } from './customer.ts';
import { checkSequentially } from './sequential.ts';
const node = await startNode({ store: await openMemory(), yaml: MODEL_YAML });
const c: Record<string, number> = {};
const r = await checkSequentially(node, {
  runs: 300,
  seed: 1,
  maxCommands: 40,
  shrink: true,
  seen: (l) => {
    const k = /"kind":"(\w+)"/.exec(l)?.[1] + ' ' + l.split('→').at(-1);
    c[k] = (c[k] ?? 0) + 1;
  },
});
console.log(r);
console.table(Object.entries(c).sort());
await node.stop();
