import { mkdtempSync, rmSync } from 'node:fs'; import { tmpdir } from 'node:os'; import { join } from 'node:path'; import { DatabaseSync } from 'node:sqlite';
import { openSqlite } from './src/sqlite/open.ts';
import { bench, makeScene, someCode, someRedemption, makeUser, makeSession, NOW } from './src/contract/bench.ts';
const dir = mkdtempSync(join(tmpdir(), 'hb-')); const store = await openSqlite(join(dir, 'x.db'),{checkpointBytes:1e12});
const look=new DatabaseSync(join(dir,'x.db')); const frames=()=>Number(look.prepare('pragma wal_checkpoint(NOOP)').get().log);
const b = await bench({ store, countRows: async () => 0, close: async () => {} }); const scene = await makeScene(b); const T=b.tenant;
const U=Number(process.env.U??200); const users = []; for (let i=0;i<U;i++) { const u = await makeUser(b,'u'+i); users.push({ ...scene, user:u, session: await makeSession(b,u)}); }
async function run(name,n,f){ const f0=frames(); let i=0; const c0=process.cpuUsage(); await Promise.all(Array.from({length:64},async()=>{while(i<n){const k=i++;await f(k)}})); const c=process.cpuUsage(c0); console.log(name, 'frames/op', ((frames()-f0)/n).toFixed(2), 'cpu µs/op',((c.user+c.system)/n).toFixed(1)); }
const ids=[]; const N=10000;
for(let r=0;r<2;r++){ ids.length=0;
await run('create',N,async k=>{const r=await store.createGrant(T,someCode(users[(k*7919)%U],{maxCodes:1000}),NOW);ids.push(r.id)});
await run('exchange',N,async k=>{await store.exchangeCode(T,ids[k],someRedemption({maxGrants:1000}),NOW)});
await run('rotate random',N,async k=>{const id=ids[(k*7919)%N];await store.rotate(T,id,1+Math.floor(k/N),1,NOW)});
await run('rotate serial',N,async k=>{const id=ids[k];await store.rotate(T,id,2,1,NOW)});}
look.close(); await store.close(); rmSync(dir,{recursive:true});
