/** Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = readonly (readonly [name: string, value: string])[];

/** Families of numbers, each begun once and followed by its samples. */
export interface ExpositionText {
  begin(name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): void;
  sample(name: string, labels: Labels, value: number): void;
  /** A family of one. */
  gauge(name: string, help: string, value: number): void;
  text(): string;
}

export function expositionText(): ExpositionText {
  const lines: string[] = [];
  const begin: ExpositionText['begin'] = (name, help, type) => void lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  const sample: ExpositionText['sample'] = (name, labels, value) => void lines.push(`${name}${labelText(labels)} ${value}`);
  return {
    begin,
    sample,
    gauge(name, help, value) {
      begin(name, help, 'gauge');
      sample(name, [], value);
    },
    text: () => `${lines.join('\n')}\n`,
  };
}

function labelText(labels: Labels): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`).join(',')}}`;
}
