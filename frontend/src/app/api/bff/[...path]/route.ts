import type { NextRequest } from "next/server";
import { apiAway, fromElsewhere, noSuchDoor, signedOut } from "@/server/answers";
import { apiUrl, env } from "@/server/env";
import { isFromHere } from "@/server/same-origin";
import { tokenOf } from "@/server/session";

const DOOR = "/api/bff";
/** The API's own words only: no dot segments, no sign-in endpoints (their answers hold tokens). */
const ALLOWED = /^(\/[A-Za-z0-9][A-Za-z0-9:-]*)+$/;
const PASSED_ON = ["Content-Type", "If-Match", "Idempotency-Key"];
const PASSED_BACK = ["Content-Type", "Content-Disposition", "Content-Security-Policy", "ETag", "Retry-After"];
/** What the API answers is read by our pages, or is a report that says itself what it may do; no other page is made of it. */
const SHUT = "default-src 'none'; sandbox; frame-ancestors 'none'";
const TIMEOUT_MS = 20_000;
/** A preview replays months of minutes before it answers. */
const PATIENT = { path: "/rules:preview", timeoutMs: 120_000 };

function pick(names: string[], from: Headers): Headers {
  const kept = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}

async function ask(request: NextRequest, path: string, token: string): Promise<Response> {
  const headers = pick(PASSED_ON, request.headers);
  headers.set("Accept", "application/json");
  headers.set("X-Session-Token", token);
  const body = request.method === "GET" ? undefined : await request.text();
  return fetch(apiUrl(path + request.nextUrl.search), {
    method: request.method,
    headers,
    body: body || undefined,
    cache: "no-store",
    redirect: "manual",
    signal: AbortSignal.any([request.signal, AbortSignal.timeout(path === PATIENT.path ? PATIENT.timeoutMs : TIMEOUT_MS)]),
  });
}

async function pass(request: NextRequest): Promise<Response> {
  const from = { method: request.method, origin: request.headers.get("Origin"), host: request.headers.get("Host") };
  if (!isFromHere({ ...from, fetchSite: request.headers.get("Sec-Fetch-Site"), home: env().NEXTAUTH_URL })) return fromElsewhere();
  const path = decodeURIComponent(request.nextUrl.pathname.slice(DOOR.length));
  if (!ALLOWED.test(path)) return noSuchDoor();
  const token = await tokenOf(request);
  if (token === null) return signedOut();
  try {
    const answer = await ask(request, path, token);
    const headers = pick(PASSED_BACK, answer.headers);
    headers.set("Cache-Control", "no-store");
    if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", SHUT);
    return new Response(answer.body, { status: answer.status, headers });
  } catch {
    return apiAway();
  }
}

export { pass as GET, pass as POST, pass as PATCH, pass as DELETE };
