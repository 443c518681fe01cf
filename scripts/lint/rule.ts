/** The part of a lint rule's world that our rules use; oxlint ships no types for it. */

export interface Rule {
  create(context: Context): Visitor;
}

export interface Context {
  readonly filename: string;
  readonly sourceCode: { readonly scopeManager: { readonly globalScope: Scope } };
  report(problem: { readonly message: string; readonly node: Node }): void;
}

/** A call for each node of the type that the key names. */
export type Visitor = Readonly<Record<string, (node: Node) => void>>;

export interface Scope {
  /** Names that nothing in the file declares. */
  readonly through: readonly Reference[];
  readonly variables: readonly { readonly defs: readonly unknown[]; readonly references: readonly Reference[] }[];
}

export interface Reference {
  readonly identifier: Node;
}

/** Any node; which members there are depends on the type. */
export interface Node {
  readonly type: string;
  readonly parent?: Node;
  readonly name?: string;
  readonly value?: unknown;
  readonly object?: Node;
  readonly property?: Node;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
  /** Of an import or export: the specifier. */
  readonly source?: Node | null;
  readonly importKind?: 'type' | 'value';
  readonly exportKind?: 'type' | 'value';
}
