import type { NextRequest } from "next/server";
import { headlineOf } from "@/features/backtests/result";
import { apiAway, noSuchDoor, signedOut } from "@/server/answers";
import { apiUrl } from "@/server/env";
import { tokenOf } from "@/server/session";

const ID = /^[0-9a-f-]{36}$/;

/** The one figure of a finished run that a list shows. Whole results are large, and stay between the two servers. */
export async function GET(request: NextRequest, { params }: RouteContext<"/api/headlines/[id]">): Promise<Response> {
  const { id } = await params;
  if (!ID.test(id)) return noSuchDoor();
  const token = await tokenOf(request);
  if (token === null) return signedOut();
  const headers = { Accept: "application/json", "X-Session-Token": token };
  try {
    const answer = await fetch(apiUrl(`/backtests/${id}`), { headers, cache: "no-store", signal: AbortSignal.timeout(20_000) });
    const body: unknown = await answer.json();
    if (!answer.ok) return Response.json(body, { status: answer.status });
    const { result } = body as { result?: unknown };
    return Response.json(headlineOf(result), { headers: { "Cache-Control": "no-store" } });
  } catch {
    return apiAway();
  }
}
