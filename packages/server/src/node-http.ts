/**
 * `node:http` without what nobody here asks for: an `import` of it reads each of its names at once, and some of them load a second HTTP client,
 * which costs a start 40 ms and the process 16 MB for good.
 */
export const nodeHttp: typeof import('node:http') = process.getBuiltinModule('node:http');
