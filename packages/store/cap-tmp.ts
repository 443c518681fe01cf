import { mkdtempSync, rmSync } from 'node:fs'; import { tmpdir } from 'node:os'; import { join } from 'node:path';
import { openSqlite } from './src/sqlite/open.ts';
import { bench, makeScene, someCode, someRedemption, makeUser, makeSession, NOW } from './src/contract/bench.ts';
const dir = mkdtempSync(join(tmpdir(), 'hb-')); const store = await openSqlite(join(dir, 'x.db'));
const b = await bench({ store, countRows: async () => 0, close: async () => {} }); const scene = await makeScene(b); const T=b.tenant;
const users=[]; for (let i=0;i<2000;i++) { const u = await makeUser(b,'u'+i); users.push({ ...scene, user:u, session: await makeSession(b,u)}); }
async function run(name,n,f){ let i=0; const c0=process.cpuUsage(),t0=performance.now(); await Promise.all(Array.from({length:64},async()=>{while(i<n){const k=i++;await f(k)}})); const c=process.cpuUsage(c0); console.log(name.padEnd(30), 'cpu µs/op',((c.user+c.system)/n).toFixed(1),'wall',((performance.now()-t0)/n*1000).toFixed(1)); }
for(let r=0;r<3;r++){
await run('pair, 2000 users',4000,async k=>{const s=users[(k*7919)%2000]; const r=await store.createGrant(T,someCode(s,{maxCodes:100}),NOW);await store.exchangeCode(T,r.id,someRedemption({maxGrants:100}),NOW)});
await run('pair, one user at cap 100',4000,async k=>{const r=await store.createGrant(T,someCode(scene,{maxCodes:100}),NOW);const x=await store.exchangeCode(T,r.id,someRedemption({maxGrants:100}),NOW); if(x.kind!=='taken')throw 1;});
}
await store.close(); rmSync(dir,{recursive:true});
