import assert from 'node:assert/strict';

/** One sample of the text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface SampleFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Inf|NaN))$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/;

/**
 * Reads Prometheus' text format (0.0.4) and fails on whatever is not exactly that: one group of lines for each family, HELP before TYPE before its samples, no series twice, and
 * histograms with buckets that grow up to `+Inf`, a sum and a count. https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function readExposition(text: string): readonly SampleFamily[] {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families: { name: string; help: string; type: string; samples: Sample[] }[] = [];
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    const last = families.at(-1);
    if (keyword === 'HELP') {
      assert.match(name, NAME);
      assert.ok(!families.some((family) => family.name === name), `${name} twice`);
      families.push({ name, help: rest, type: '', samples: [] });
    } else if (keyword === 'TYPE') {
      assert.deepEqual([last?.name, last?.type, last?.samples.length], [name, '', 0], line);
      assert.match(rest, /^(?:counter|gauge|histogram)$/);
      if (last !== undefined) last.type = rest;
    } else {
      const sample = readSample(line);
      const base = last?.type === 'histogram' ? sample.name.replace(/_(?:bucket|sum|count)$/, '') : sample.name;
      assert.equal(base, last?.name, line);
      const series = line.slice(0, line.lastIndexOf(' '));
      assert.ok(!seen.has(series), `${series} twice`);
      seen.add(series);
      last?.samples.push(sample);
    }
  }
  for (const family of families) {
    assert.notEqual(family.type, '', family.name);
    if (family.type === 'histogram') checkHistogram(family);
  }
  return families;
}

function readSample(line: string): Sample {
  const [, name = '', inner = '', value = ''] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (let rest = inner; rest !== ''; ) {
    const [whole, label = '', text = ''] = LABEL.exec(rest) ?? assert.fail(`no labels: ${line}`);
    assert.ok(!Object.hasOwn(labels, label), line);
    labels[label] = text.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function checkHistogram({ name, samples }: SampleFamily): void {
  const keyOf = ({ labels }: Sample): string => JSON.stringify(Object.entries(labels).filter(([label]) => label !== 'le'));
  for (const key of new Set(samples.map(keyOf))) {
    const of = (part: string): readonly Sample[] => samples.filter((sample) => sample.name === `${name}_${part}` && keyOf(sample) === key);
    const buckets = of('bucket');
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
      name,
    );
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
      name,
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY);
    assert.deepEqual([of('count').map(({ value }) => value), of('sum').length], [[counts.at(-1)], 1]);
  }
}
