import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { fieldErrors, summaryOf, type Issue } from '../../protocol/field-errors.js';
import { invalidBody } from '../../tenant/invalid-body.js';
import { BorderError } from './border-error.js';

/** Schemas recurse; a body of brackets alone must not exhaust the stack. */
const DEEPEST = 64;

function isDeeperThan(limit: number, root: unknown): boolean {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  return false;
}

/**
 * Checks a parameter with the schema it names: `@Body({ schema })`, `@Query({ schema })`, `@Param('id', { schema })`.
 * Throws `invalid_body` for a body and `invalid_parameter` for the rest. Nest's own pipe would silently delete members that are named
 * `constructor` or `prototype`; the reader of bodies has refused the dangerous ones, so here every name stays what it was.
 */
export class SchemaPipe implements PipeTransform {
  async transform(value: unknown, { schema, type, data }: ArgumentMetadata): Promise<unknown> {
    if (!schema || type === 'custom') return value;
    if (isDeeperThan(DEEPEST, value))
      throw refusal(type, [{ message: `is nested deeper than ${DEEPEST} levels` }], {});
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return result.value;
    if (type === 'body' && value === undefined)
      throw invalidBody([
        { message: 'there is no body; send one with the header content-type: application/json' },
      ]);
    throw refusal(type, result.issues, {
      schema,
      input: value,
      at: data === undefined ? [] : [data],
    });
  }
}

function refusal(
  type: ArgumentMetadata['type'],
  issues: readonly Issue[],
  from: Parameters<typeof fieldErrors>[1],
): Error {
  if (type === 'body') return invalidBody(issues, from);
  const errors = fieldErrors(issues, from);
  const part = type === 'query' ? 'Query parameter' : 'Path parameter';
  return new BorderError('invalid_parameter', `${part} ${summaryOf(errors)}`, { errors });
}
