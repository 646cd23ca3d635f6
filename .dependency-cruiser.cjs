/**
 * The floors of the house, lowest first: a file imports from its own floor or from one below it, never from one above.
 * Folders that share a floor do not know each other. The picture in README.md is drawn from this list.
 */
const floors = [
  ['protocol'],
  ['tenant'],
  ['storage'],
  ['actions'],
  ['sandbox'],
  ['login'],
  ['tokens'],
  ['web'],
];

const climbing = floors.flatMap((floor, level) =>
  floor.map((folder) => {
    const above = floors.slice(level + 1).flat();
    const beside = floor.filter((other) => other !== folder);
    return {
      name: `floor-${folder}`,
      comment: `src/${folder} must not import from ${[...beside, ...above].join(', ') || 'the wiring'}`,
      severity: 'error',
      from: { path: `^src/${folder}/`, pathNot: '[.]spec[.]ts$' },
      to: {
        path: `^src/(${[...beside, ...above].map((name) => `${name}/`).join('|')}${beside.length + above.length ? '|' : ''}app[.]module|main|config)`,
      },
    };
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...climbing,
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-protocol',
      comment: 'protocol/ is pure: no framework, database, file, network, process or environment',
      severity: 'error',
      from: { path: '^src/protocol/', pathNot: '[.]spec[.]ts$' },
      to: {
        path: '(^|/)node_modules/(@nestjs|typeorm|fastify|pg|better-sqlite3|pino)|^(node:)?(fs|fs/promises|net|http|https|process|child_process|os|timers)$',
      },
    },
    {
      name: 'tests-are-leaves',
      severity: 'error',
      from: { path: '^src/', pathNot: '[.]spec[.]ts$' },
      to: { path: '([.]spec[.]ts$|^test/)' },
    },
    {
      name: 'declared-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
