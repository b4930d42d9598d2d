import "server-only";
import { cookies, headers } from "next/headers";
import type { NextRequest } from "next/server";
import { getToken } from "next-auth/jwt";

/** The API's token out of the encrypted cookie, for route handlers; null when nobody is signed in. */
export async function tokenOf(request: NextRequest): Promise<string | null> {
  return (await getToken({ req: request }))?.sessionToken ?? null;
}

type Readable = Parameters<typeof getToken>[0]["req"];

/** The same for server components, which have no request object. */
export async function tokenHere(): Promise<string | null> {
  const jar = (await cookies()).getAll();
  const req = {
    headers: Object.fromEntries(await headers()),
    cookies: Object.fromEntries(jar.map(({ name, value }) => [name, value])),
  };
  return (await getToken({ req: req as unknown as Readable }))?.sessionToken ?? null;
}
