const READS = new Set(["GET", "HEAD"]);

type Facts = { method: string; origin: string | null; host: string | null; fetchSite: string | null; home?: string };

const hostOf = (url: string | undefined | null): string | null =>
  url && URL.canParse(url) ? new URL(url).host : null;

/**
 * Whether a change comes from our own pages. Browsers always name the origin of a change; a request without one
 * was not made by a page of ours, and the cookie alone is not enough.
 */
export function isFromHere({ method, origin, host, fetchSite, home }: Facts): boolean {
  if (READS.has(method)) return true;
  if (fetchSite !== null && fetchSite !== "same-origin") return false;
  const from = hostOf(origin);
  return from !== null && (from === host || from === hostOf(home));
}
