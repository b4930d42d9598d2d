import { describe, expect, it } from "vitest";
import { whereTo } from "@/features/session/where-to";
import { isFromHere } from "@/server/same-origin";

const change = { method: "POST", origin: "http://localhost:3000", host: "localhost:3000", fetchSite: "same-origin" };

describe("a change", () => {
  it("is taken from our own pages", () => {
    expect(isFromHere(change)).toBe(true);
    expect(isFromHere({ ...change, fetchSite: null })).toBe(true); // an older browser
  });

  it("is taken at the public address when a proxy stands before this server", () => {
    const behind = { ...change, origin: "https://desk.example", host: "127.0.0.1:3000" };
    expect(isFromHere({ ...behind, home: "https://desk.example" })).toBe(true);
    expect(isFromHere(behind)).toBe(false);
  });

  it("is refused from another site, another port, or nowhere", () => {
    expect(isFromHere({ ...change, origin: "http://evil.example" })).toBe(false);
    expect(isFromHere({ ...change, origin: "http://localhost:4000" })).toBe(false);
    expect(isFromHere({ ...change, fetchSite: "cross-site" })).toBe(false);
    expect(isFromHere({ ...change, origin: null })).toBe(false);
    expect(isFromHere({ ...change, origin: "null" })).toBe(false);
  });

  it("is not what reading is", () => {
    expect(isFromHere({ ...change, method: "GET", origin: null, fetchSite: "cross-site" })).toBe(true);
  });
});

describe("after signing in", () => {
  it("a page of ours is opened, and no other", () => {
    const asked = ["/orders?status=working", "//evil.example", "/\\evil.example", "https://evil.example", "/login", undefined];
    expect(asked.map(whereTo)).toEqual(["/orders?status=working", "/", "/", "/", "/", "/"]);
  });
});
