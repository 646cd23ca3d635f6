import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ActionError } from '../../actions/action-error.js';
import type { ModuleBundle, Program } from '../../sandbox/messages.js';
import { bundlePackages } from '../../sandbox/package-bundles.js';
import { SandboxError } from '../../sandbox/sandbox-error.js';
import type { DeployedAction } from '../../tenant/action.js';
import { ActionModules } from '../ports.js';

/** As many as a tenant may bind to its triggers, twice. */
const KEPT = 80;

/** Actions as the sandbox takes them: code, and the packages it requires, each bundled to one file. */
@Injectable()
export class ActionPrograms {
  /** By what they are made of, the one used last at the end. */
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(private readonly modules: ActionModules) {}

  /** Throws ActionError `action_unusable` where a package is missing. */
  async of({ code, file, dependencies, modulesFrom }: DeployedAction): Promise<Program> {
    const from = modulesFrom ?? this.modules.folder;
    const key = hash('sha256', JSON.stringify([code, file, dependencies, from]), 'base64url');
    const known = this.#programs.get(key);
    const program =
      known ??
      bundled({ code, dependencies, from }).then((modules): Program => ({ key, code, file, modules }));
    this.#programs.delete(key);
    this.#programs.set(key, program);
    if (this.#programs.size > KEPT) this.#programs.delete(this.#programs.keys().next().value!);
    try {
      return await program;
    } catch (error) {
      // the package may be installed by the next login
      this.#programs.delete(key);
      if (!(error instanceof SandboxError)) throw error;
      throw new ActionError('action_unusable', `${file}: ${error.description}`, { cause: error });
    }
  }
}

const bundled = (what: Parameters<typeof bundlePackages>[0]): Promise<readonly ModuleBundle[]> =>
  what.dependencies.length === 0 ? Promise.resolve([]) : bundlePackages(what);
