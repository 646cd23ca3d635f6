import { fieldErrors, summaryOf, type FieldErrorSource, type Issue } from '../protocol/field-errors.js';
import { TenantError } from './tenant-error.js';

/** The `invalid_body` for what a schema found: every field at fault, the first of them in the description. */
export function invalidBody(issues: readonly Issue[], from: FieldErrorSource = {}): TenantError {
  const errors = fieldErrors(issues, from);
  return new TenantError('invalid_body', summaryOf(errors), { errors });
}
