import { describe, expect, it } from "vitest";
import { haltedNow } from "@/features/halt/halted";

const account = (trading_state: "active" | "halted", role: "owner" | "view" = "owner") => ({ nickname: "모의 1", role, trading_state });

describe("a halt", () => {
  it("is not said when nothing is halted", () => {
    expect(haltedNow({ role: "trader", house: "active", accounts: [account("active")] })).toBeNull();
  });

  it("of the whole house is the admin's to end", () => {
    expect(haltedNow({ role: "admin", house: "halted", accounts: [] })?.mayResume).toBe(true);
    expect(haltedNow({ role: "trader", house: "halted", accounts: [account("halted")] })?.mayResume).toBe(false);
  });

  it("of accounts is named, and is their operators' to end", () => {
    expect(haltedNow({ role: "trader", house: "active", accounts: [account("halted")] })).toEqual({ house: false, accounts: ["모의 1"], mayResume: true });
    expect(haltedNow({ role: "viewer", house: "active", accounts: [account("halted", "view")] })?.mayResume).toBe(false);
  });
});
