/** Where to go after signing in: a page of ours, or the overview. Never another site. */
export function whereTo(next: string | string[] | undefined): string {
  const wanted = typeof next === "string" ? next : "";
  return /^\/(?![/\\])/.test(wanted) && !wanted.startsWith("/login") ? wanted : "/";
}
