export type SqlValue = string | number | null;

/** SQL that both databases understand, with `?` for its values. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** Among several: where it changes no row, those after it are left out, and the ones before it stand. */
  readonly isDecisive?: boolean;
}

/** Where it changes no row, those after it are left out. */
export const decisive = ({ sql, values }: Statement): Statement => ({ sql, values, isDecisive: true });
