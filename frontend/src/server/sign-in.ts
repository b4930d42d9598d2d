import "server-only";
import { z } from "zod";
import { apiUrl } from "./env";
import type { SignInError } from "./sign-in-errors";

const APP = "/_allauth/app/v1/auth";

const signedIn = z.object({
  data: z.object({ user: z.object({ id: z.union([z.string(), z.number()]), email: z.string() }) }),
  meta: z.object({ session_token: z.string() }),
});
const pending = z.object({ data: z.object({ flows: z.array(z.object({ id: z.string(), is_pending: z.boolean().optional() })) }) });

export type SignedIn = { id: string; email: string; sessionToken: string };
export type Attempt = { ok: true; person: SignedIn } | { ok: false; error: SignInError };

const failed = (error: SignInError): Attempt => ({ ok: false, error });

/** allauth answers 401 when the password was right and something else is still asked for. */
function whatIsAsked(body: unknown): SignInError {
  const flows = pending.safeParse(body).data?.data.flows ?? [];
  const asked = flows.filter((flow) => flow.is_pending).map((flow) => flow.id);
  if (asked.some((id) => id.startsWith("mfa"))) return "second_factor";
  return asked.includes("verify_email") ? "email_unverified" : "unknown";
}

function read(status: number, body: unknown): Attempt {
  if (status === 401) return failed(whatIsAsked(body));
  if (status === 429) return failed("too_many");
  if (status === 400) return failed("bad_credentials");
  const answer = signedIn.safeParse(body);
  if (!answer.success) return failed(status >= 500 ? "unreachable" : "unknown");
  const { data, meta } = answer.data;
  return { ok: true, person: { id: String(data.user.id), email: data.user.email, sessionToken: meta.session_token } };
}

export async function signIn(email: string, password: string): Promise<Attempt> {
  try {
    const response = await fetch(apiUrl(`${APP}/login`), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ email, password }),
      cache: "no-store",
      signal: AbortSignal.timeout(15_000),
    });
    return read(response.status, await response.json().catch(() => null));
  } catch {
    return failed("unreachable");
  }
}

/** Ends the session at the API; a session that is already gone is as good. */
export async function signOut(sessionToken: string): Promise<void> {
  await fetch(apiUrl(`${APP}/session`), {
    method: "DELETE",
    headers: { "X-Session-Token": sessionToken },
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
}
