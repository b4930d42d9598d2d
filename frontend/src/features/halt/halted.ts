import type { Account, Me } from "@/api/types";

export type Halted = { house: boolean; accounts: string[]; mayResume: boolean };

type Facts = { role: Me["role"]; house: string; accounts: readonly Pick<Account, "nickname" | "role" | "trading_state">[] };

/**
 * What stands still, and whether this person may start it again: an admin halts and resumes the whole house, a trader the
 * accounts they operate. Null when nothing is halted.
 */
export function haltedNow({ role, house, accounts }: Facts): Halted | null {
  const whole = house === "halted";
  const own = accounts.filter((account) => account.trading_state === "halted");
  if (!whole && own.length === 0) return null;
  const mayResume = role === "admin" ? whole : !whole && own.some((account) => account.role !== "view");
  return { house: whole, accounts: own.map(({ nickname }) => nickname), mayResume };
}
