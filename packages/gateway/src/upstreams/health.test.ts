import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Health, type HealthChange, type HealthRule } from './health.ts';

const RULE: HealthRule = {
  windowMs: 10_000,
  minimum: 10,
  ratio: 0.5,
  connectFailures: 3,
  openMs: 2_000,
  maxOpenMs: 60_000,
  forgiveMs: 30_000,
  probes: 3,
  probeMs: 10_000,
  slowStartMs: 10_000,
};

function watched(more: Partial<HealthRule> = {}, mayOpenForErrors: () => boolean = () => true) {
  const changes: HealthChange[] = [];
  const health = new Health({
    rule: { ...RULE, ...more },
    chance: () => 0.5,
    mayOpenForErrors,
    onChange: (change) => changes.push(change),
  });
  return { health, changes };
}

/** Lets requests through at one moment, and hands in what came of them. */
function results(health: Health, nowMs: number, told: string): void {
  for (const result of told) {
    const epoch = health.admit(nowMs);
    if (result === '+') health.succeed(epoch, nowMs);
    else health.fail(epoch, nowMs, result === 'c' ? 'connect' : 'other');
  }
}

/** Until it is left alone, and then until it may be tried. */
function openFor(health: Health, nowMs: number): number {
  results(health, nowMs, 'ccc');
  assert.equal(health.phase(nowMs), 'open');
  let ms = 0;
  while (health.phase(nowMs + ms) === 'open') ms += 100;
  return ms;
}

test('half of at least ten results put a target out; fewer results or fewer failures do not', () => {
  const { health, changes } = watched();
  results(health, 0, '---------');
  assert.equal(health.phase(0), 'closed');
  results(health, 0, '++++++++++');
  assert.equal(health.phase(0), 'closed');
  results(health, 0, '-');
  assert.equal(health.phase(0), 'open');
  assert.deepEqual(changes, [{ kind: 'opened', cause: 'errors', openMs: 2_000 }]);
});

test('ten failures in a row are enough, however much went well before', () => {
  const { health } = watched();
  results(health, 0, '+'.repeat(1_000));
  results(health, 0, '---------+---------');
  assert.equal(health.phase(0), 'closed');
  results(health, 0, '-');
  assert.deepEqual([health.phase(0), health.cause], ['open', 'errors']);
});

test('failures that are older than the window say nothing', () => {
  const { health } = watched();
  results(health, 0, '---------');
  results(health, 10_001, '-');
  assert.equal(health.phase(10_001), 'closed');
});

test('three connections that fail in a row put it out whatever went well before, and one that goes well begins the row anew', () => {
  const { health } = watched();
  results(health, 0, '+'.repeat(1_000));
  results(health, 0, 'cc+cc');
  assert.equal(health.phase(0), 'closed');
  results(health, 0, 'c');
  assert.deepEqual([health.phase(0), health.cause], ['open', 'connect']);
});

test('a failure after a connection ends the row of failed connections', () => {
  const { health } = watched();
  results(health, 0, 'cc-cc');
  assert.equal(health.phase(0), 'closed');
});

test('errors do not put it out where too many of its tier are out; connections that fail do', () => {
  const { health } = watched({}, () => false);
  results(health, 0, '-'.repeat(100));
  assert.equal(health.phase(0), 'closed');
  results(health, 0, 'ccc');
  assert.equal(health.phase(0), 'open');
});

test('after its time one request tries it, and no second one while the first says nothing', () => {
  const { health } = watched();
  results(health, 0, 'ccc');
  assert.equal(health.wantsProbe(1_999), false);
  assert.equal(health.wantsProbe(2_000), true);
  const epoch = health.admit(2_000);
  assert.equal(health.wantsProbe(2_000), false);
  assert.equal(health.wantsProbe(11_999), false);
  assert.equal(health.wantsProbe(12_000), true);
  health.withdraw(epoch);
  assert.equal(health.wantsProbe(2_001), true);
});

test('three probes that go well, one after the other, bring it back; one that fails does not', () => {
  const { health, changes } = watched();
  results(health, 0, 'ccc');
  assert.equal(health.phase(2_000), 'half_open');
  results(health, 2_000, '++-');
  assert.equal(health.phase(2_000), 'open');
  assert.equal(health.phase(6_000), 'half_open');
  results(health, 6_000, '+++');
  assert.equal(health.phase(6_000), 'closed');
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['opened', 'half_open', 'opened', 'half_open', 'closed'],
  );
});

test('a probe that fails puts it out again, though what it says would count for nothing otherwise', () => {
  const { health } = watched();
  results(health, 0, 'ccc');
  health.phase(2_000);
  health.fail(health.admit(2_000), 2_000, 'other', 0);
  assert.equal(health.phase(2_000), 'open');
});

test('the time out doubles up to the most, and being well for long makes good for it', () => {
  const { health } = watched();
  const times: number[] = [];
  let now = 0;
  for (let time = 0; time < 7; time += 1) {
    times.push(openFor(health, now));
    now += 60_000;
    results(health, now, '+++');
    assert.equal(health.phase(now), 'closed');
  }
  assert.deepEqual(times, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  // Seven times, less three.
  assert.equal(openFor(health, now + 3 * 30_000), 32_000);
});

test('a target that flaps stays out longer each time, so that less and less of what is sent to it fails', () => {
  const { health } = watched();
  const opened: number[] = [];
  let [sent, failed] = [0, 0];
  // Well for one second, ill for nine, a request each 50 ms.
  for (let now = 0; now < 600_000; now += 50) {
    const phase = health.phase(now);
    if (phase === 'open' || (phase === 'half_open' && !health.wantsProbe(now))) continue;
    const isIll = now % 10_000 >= 1_000;
    const epoch = health.admit(now);
    sent += 1;
    if (isIll) {
      failed += 1;
      health.fail(epoch, now, 'connect');
      if (health.phase(now) === 'open') opened.push(now);
    } else health.succeed(epoch, now);
  }
  const gaps = opened.slice(1).map((at, before) => at - (opened[before] ?? 0));
  assert.ok(Math.max(...gaps) >= 54_000, 'the gaps grow to the most');
  assert.ok(failed < 80, `${failed} of ${sent} failed, of 12,000 that wanted to go`);
});

test('results of requests from before a change say nothing after it', () => {
  const { health } = watched();
  const early = Array.from({ length: 20 }, () => health.admit(0));
  results(health, 0, 'ccc');
  for (const epoch of early) health.fail(epoch, 1, 'other');
  assert.equal(health.phase(2_000), 'half_open');
  for (const epoch of early) health.succeed(epoch, 2_000);
  assert.equal(health.phase(2_000), 'half_open');
  for (const epoch of early) health.fail(epoch, 2_000, 'connect');
  assert.equal(health.phase(2_000), 'half_open');
});

test('where it is tried although it is out, going well brings it back before its time, and failing does not keep it out longer', () => {
  const { health, changes } = watched();
  results(health, 0, 'ccc');
  results(health, 100, 'cccccc');
  assert.equal(changes.length, 1);
  results(health, 200, '+++');
  assert.equal(health.phase(200), 'closed');
});

test('its share grows from a tenth to the whole once it is back, and is the whole at first', () => {
  const { health } = watched();
  assert.equal(health.share(0), 1);
  results(health, 0, 'ccc');
  results(health, 2_000, '+++');
  assert.deepEqual(
    [2_000, 2_500, 7_000, 12_000, 60_000].map((now) => health.share(now)),
    [0.1, 0.1, 0.5, 1, 1],
  );
});

test('checks put it out until they say otherwise, whatever requests say', () => {
  const { health } = watched();
  health.check('ill', 0);
  health.check('ill', 1);
  assert.deepEqual([health.phase(3_600_000), health.cause], ['open', 'checks']);
  results(health, 3_600_000, '+++++');
  assert.equal(health.phase(3_600_000), 'open');
  health.check('well', 3_600_000);
  assert.equal(health.phase(3_600_000), 'closed');
});

test('checks that go well bring back a target that could not be reached, but none whose answers were wrong', () => {
  const unreachable = watched().health;
  results(unreachable, 0, 'ccc');
  unreachable.check('well', 100);
  assert.equal(unreachable.phase(100), 'closed');
  const wrong = watched().health;
  results(wrong, 0, '----------');
  wrong.check('well', 100);
  assert.deepEqual([wrong.phase(100), wrong.cause], ['open', 'errors']);
});

test('gateways that were left by a target at one moment do not all try it at one moment', () => {
  const changes: HealthChange[] = [];
  for (const chance of [0, 0.25, 0.999]) {
    const health = new Health({
      rule: RULE,
      chance: () => chance,
      mayOpenForErrors: () => true,
      onChange: (change) => changes.push(change),
    });
    results(health, 0, 'ccc');
  }
  assert.deepEqual(
    changes.map((change) => change.kind === 'opened' && Math.round(change.openMs)),
    [1_800, 1_900, 2_200],
  );
});
