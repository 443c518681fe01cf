import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openSqlite } from './src/sqlite/open.ts';
import { bench, makeScene, someCode, someRedemption, makeUser, makeSession, NOW, DAY, APP } from './src/contract/bench.ts';
const dir = mkdtempSync(join(tmpdir(), 'hb-'));
const t00=performance.now();
const store = await openSqlite(join(dir, 'x.db'));
console.log('open', (performance.now()-t00).toFixed(1),'ms');
const b = await bench({ store, countRows: async () => 0, close: async () => {} });
const scene = await makeScene(b);
const T = b.tenant;
const N = Number(process.env.N ?? 20000);
const users = []; for (let i=0;i<200;i++) { const u = await makeUser(b,'u'+i); users.push({ ...scene, user:u, session: await makeSession(b,u)}); }
const h = monitorEventLoopDelay({resolution:1});
async function inFlight(name, n, width, f) {
  const lat=[]; h.reset(); h.enable(); const c0=process.cpuUsage(); const t0=performance.now(); let i=0;
  await Promise.all(Array.from({length:width}, async()=>{ while(i<n){ const k=i++; const s=performance.now(); await f(k); lat.push(performance.now()-s);} }));
  const ms=performance.now()-t0; const c=process.cpuUsage(c0); h.disable(); lat.sort((a,b)=>a-b);
  console.log(`${name.padEnd(34)} ${(n/ms*1000).toFixed(0).padStart(8)} /s  ${(ms*1000/n).toFixed(2).padStart(7)} µs wall  ${((c.user+c.system)/n).toFixed(2)} µs cpu  p50 ${lat[n>>1].toFixed(2)} p99 ${lat[Math.floor(n*.99)].toFixed(2)} max ${lat[n-1].toFixed(2)} ms  loop p99 ${(h.percentile(99)/1e6).toFixed(1)} max ${(h.max/1e6).toFixed(1)} ms wal ${(statSync(join(dir,'x.db-wal')).size/1e6).toFixed(1)} MB`);
}
const ids=[];
for (let rep=0; rep<2; rep++) {
ids.length=0;
await inFlight('createGrant w64', N, 64, async k=>{ const r= await store.createGrant(T, someCode(users[k%200],{maxCodes:1000}), NOW); ids.push(r.id); });
await inFlight('exchangeCode w64', N, 64, async k=>{ const r=await store.exchangeCode(T, ids[k], someRedemption({maxGrants:1000}), NOW); if(r.kind!=='taken')throw 1; });
const gen=new Map(ids.map(i=>[i,1]));
await inFlight('rotate w64 random', N*2, 64, async k=>{ const id=ids[(k*7919)%N]; const g=gen.get(id); const r=await store.rotate(T,id,g,1,NOW+100); gen.set(id,r.grant.generation); });
await inFlight('rotate w64 500 hot', N*2, 64, async k=>{ const id=ids[k%500]; const g=gen.get(id); const r=await store.rotate(T,id,g,1,NOW+100); gen.set(id,r.grant.generation); });
await inFlight('findGrant random', N*3, 1, async k=>{ await store.findGrant(T, ids[(k*7919)%N]); });
await inFlight('findGrant hot', N*3, 1, async k=>{ await store.findGrant(T, ids[k%500]); });
await inFlight('findClient', N*3, 1, async k=>{ await store.findClient(T, APP); });
await inFlight('takeOnce w64', N, 64, async k=>{ await store.takeOnce(T,'interaction',`v${rep}-${k}`.padEnd(43,'x'),NOW+3600,NOW); });
await inFlight('ownGrant', N, 64, async k=>{ await store.ownGrant(T,APP,['a','b'],['r'],1,NOW); });
}
await inFlight('create+exchange one user at cap 100', 4000, 64, async k=>{ const r= await store.createGrant(T, someCode(scene,{maxCodes:100}), NOW); await store.exchangeCode(T, r.id, someRedemption({maxGrants:100}), NOW); });
await inFlight('rotate w1', 500, 1, async k=>{ const id=ids[k+600]; await store.rotate(T,id,(await store.findGrant(T,id)).generation,1,NOW+100);});
await store.close(); rmSync(dir,{recursive:true});
