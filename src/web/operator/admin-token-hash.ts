/** What the guard asks for, as the shell hands it in at start; `null` where no token is asked for. See `hashOfAdminToken`. */
export class AdminTokenHash {
  value: string | null = null;
}
