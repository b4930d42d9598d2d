import type { NextRequest } from "next/server";
import { apiAway, signedOut } from "@/server/answers";
import { apiUrl } from "@/server/env";
import { relay } from "@/server/relay";
import { tokenOf } from "@/server/session";

export const dynamic = "force-dynamic";

const TIMING = { beatMs: 5_000, silenceMs: 60_000 };
const SEQUENCE = /^\d{1,19}$/;

const answerHeaders = {
  "Content-Type": "text/event-stream; charset=utf-8",
  // no-transform: compression on the way would hold events back
  "Cache-Control": "no-cache, no-store, no-transform",
  "X-Accel-Buffering": "no",
};

/** The browser's own Last-Event-ID when it reconnects; `?after=` the first time, since EventSource cannot set headers. */
function resumeFrom(request: NextRequest): string | null {
  const last = request.headers.get("Last-Event-ID") ?? request.nextUrl.searchParams.get("after");
  return last !== null && SEQUENCE.test(last) ? last : null;
}

export async function GET(request: NextRequest): Promise<Response> {
  const token = await tokenOf(request);
  if (token === null) return signedOut();
  const line = new AbortController();
  request.signal.addEventListener("abort", () => line.abort());
  const headers = new Headers({ Accept: "text/event-stream", "X-Session-Token": token });
  const last = resumeFrom(request);
  if (last !== null) headers.set("Last-Event-ID", last);
  try {
    const upstream = await fetch(apiUrl("/logs"), { headers, cache: "no-store", signal: line.signal });
    if (!upstream.ok || upstream.body === null) {
      line.abort();
      return upstream.status === 401 ? signedOut() : apiAway();
    }
    return new Response(relay(upstream.body, () => line.abort(), TIMING), { headers: answerHeaders });
  } catch {
    return apiAway();
  }
}
