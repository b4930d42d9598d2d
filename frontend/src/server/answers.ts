import "server-only";
import type { Text } from "@/api/problem";

/** A problem of this server's own, in the same shape as the API's. */
export function problem(status: number, code: string, message: Text): Response {
  const body = { type: "about:blank", title: message.en, status, code, message };
  return Response.json(body, { status, headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store" } });
}

export const signedOut = () =>
  problem(401, "signed_out", { ko: "로그인이 필요합니다.", en: "Sign in first." });

export const fromElsewhere = () =>
  problem(403, "other_origin", {
    ko: "다른 사이트에서 온 요청이라 거절했습니다.",
    en: "Refused: the request came from another site.",
  });

export const noSuchDoor = () =>
  problem(404, "no_such_path", { ko: "없는 주소입니다.", en: "There is no such address." });

export const apiAway = () =>
  problem(502, "api_unreachable", {
    ko: "거래 서버에 닿지 않습니다. 서버가 켜져 있는지 확인해 주세요.",
    en: "The trading server cannot be reached. Check that it is running.",
  });
